import { runLogs } from '../../src/app/aggregates.ts'
import type { CommandHandler } from '../../src/app/handle.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import type { LogLine } from '../../src/domain/run-log/events.ts'
import { lineOf } from '../../src/domain/run-log/line.ts'
import { contextOf } from './contexts.ts'
import { runOf, tenant } from './ids.ts'
import { atTime } from './run-events.ts'

/** A line that is told by its message, said in that second. */
export const lineAt = (second: number, message: string, over: Partial<LogLine> = {}): LogLine => {
  const { level = 'info', stage = null, code = null, fields = {}, at = atTime(second) } = over
  return lineOf({ at, level, stage, code, message, fields })
}

interface Logged {
  attempt?: number
  isEnd?: boolean
  of?: TenantId
}

/** Writes lines of a run, as its worker does. */
export const logLines = (
  commands: CommandHandler,
  run: string,
  lines: readonly LogLine[],
  { attempt = 1, isEnd = false, of = tenant }: Logged = {},
) => {
  const end = isEnd ? { at: atTime(59), dropped: 0 } : null
  const command = { type: 'LogLines' as const, runId: runOf(run), attempt, lines, end }
  const kept = { ...runLogs, keepSeconds: 30 * 86_400 }
  return commands.handle(kept, run, command, contextOf({ tenant: of }))
}
