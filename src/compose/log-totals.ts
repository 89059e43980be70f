import { newestCheckpoint } from '../../projections/checkpoints.ts'
import type { ReadDb } from '../../projections/projection.ts'
import type { LogName } from '../app/ports/evidence.ts'
import type { LogReader } from '../evidence/log/reader.ts'
import type { LogSealer } from '../processes/log-sealer.ts'

/** One look serves all figures that are read together. */
const keepMs = 500

export interface LogParts {
  views: ReadDb
  logs: { reader: Pick<LogReader, 'heads'>; sealer: Pick<LogSealer, 'isBroken'> }
}

type ByLog = Record<LogName, number>

/** Figures of the logs of all tenants, by log; seconds are those of the log with the most. */
interface Totals {
  leaves: ByLog
  unsealed: ByLog
  unsealedSeconds: ByLog
  differing: ByLog
}

/** Looks at every log at most once in a while. `nowMs` of a clock that only goes forward. */
export const logTotals = (parts: LogParts, nowMs = () => performance.now()): (() => Totals) => {
  /** By log: how many leaves were sealed when leaves were first seen that were not. */
  const waiting = new Map<number, { sealed: number; sinceMs: number }>()
  const look = (atMs: number): Totals => {
    const none = (): ByLog => ({ commands: 0, access: 0 })
    const totals = { leaves: none(), unsealed: none(), unsealedSeconds: none(), differing: none() }
    for (const { id, tenant, log, size } of parts.logs.reader.heads()) {
      const sealed = newestCheckpoint(parts.views, tenant, log)?.size ?? 0
      const before = waiting.get(id)
      const sinceMs = before?.sealed === sealed ? before.sinceMs : atMs
      if (size > sealed) waiting.set(id, { sealed, sinceMs })
      else waiting.delete(id)
      totals.leaves[log] += size
      totals.unsealed[log] += Math.max(0, size - sealed)
      if (size > sealed) totals.unsealedSeconds[log] = Math.max(totals.unsealedSeconds[log], (atMs - sinceMs) / 1_000)
      totals.differing[log] += Number(parts.logs.sealer.isBroken(id))
    }
    return totals
  }
  let last: { atMs: number; totals: Totals } | undefined
  return () => {
    const atMs = nowMs()
    if (!last || atMs - last.atMs >= keepMs) last = { atMs, totals: look(atMs) }
    return last.totals
  }
}
