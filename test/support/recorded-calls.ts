import { onTestFinished } from 'vitest'
import { CallRecorder } from '../../src/app/call-recorder.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import type { CallRecord } from '../../src/domain/access/events.ts'
import { InMemoryLedger } from './in-memory-ledger.ts'
import { SilentLog } from './log.ts'

const noon = Date.parse('2026-01-02T12:00:00.000Z')

/** A recorder on a ledger in memory, at noon. */
export const openRecorder = (handler?: (real: CommandHandler) => Pick<CommandHandler, 'handle'>) => {
  const ledger = new InMemoryLedger()
  const real = new CommandHandler(ledger)
  const clock = { nowMs: noon }
  const log = new SilentLog()
  const commands = handler ? handler(real) : real
  const recorder = new CallRecorder({ commands, log, replica: 'box', nowMs: () => clock.nowMs })
  onTestFinished(() => recorder.close())
  const calls = (): CallRecord[] =>
    ledger.all.flatMap(({ event }) => (event?.type === 'ApiCallsRecorded' ? event.data.calls : []))
  return { ledger, recorder, clock, log, calls }
}
