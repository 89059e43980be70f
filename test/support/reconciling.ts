import { onTestFinished } from 'vitest'
import { runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import type { DueRun, DueWork } from '../../src/app/ports/due.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { Reconciler } from '../../src/processes/reconciler.ts'
import { contextOf } from './contexts.ts'
import { runOf, tenant } from './ids.ts'
import { InMemoryLedger } from './in-memory-ledger.ts'
import { SilentLog } from './log.ts'
import { manifestOf } from './manifests.ts'
import { RecordingBus } from './recording-bus.ts'
import { partitionStream, register, request } from './requests.ts'
import * as c from './run-commands.ts'

export const dueRun = (run: string, attempt = 0): DueRun => ({
  tenant,
  runId: runOf(run),
  engine: 'fake',
  attempt,
  cause: { correlationId: 'request-1', causationId: 'event-1' },
})

/** A reconciler, and what the views are said to know. */
export const reconciling = async () => {
  const ledger = new InMemoryLedger()
  const commands = new CommandHandler(ledger)
  const [bus, log] = [new RecordingBus(), new SilentLog()]
  const found = { work: [] as DueRun[], retries: [] as DueRun[], endedClaims: [] as DueRun[] }
  const asked: Parameters<DueWork['work']>[0][] = []
  const due: DueWork = {
    work: (times) => {
      asked.push(times)
      return found.work
    },
    retries: () => found.retries,
    endedClaims: () => found.endedClaims,
  }
  const shared = { commands: new CommandHandler(ledger), bus, log, nowMs: () => Date.now(), leaseMs: 30_000 }
  const reconciler = new Reconciler({ ...shared, due, head: async () => 70n, worker: 'box.2' })
  onTestFinished(() => reconciler.stop())
  await register(commands, manifestOf({}, { retries: 3, max_active_runs: 2 }))
  const say = (run: string, command: RunCommand) => {
    const runId = runOf(run)
    return commands.handle(
      runs,
      runId,
      { ...command, runId } as RunCommand,
      contextOf({ at: new Date().toISOString() }),
    )
  }
  const holders = () => {
    const last = ledger.stream(partitionStream()).at(-1)?.event
    return last && 'holders' in last.data ? last.data.holders.map(({ runId }) => String(runId)) : []
  }
  const failOnce = async (run: string) => {
    await request(commands, run)
    await say(run, c.startRun(1))
    await say(run, c.failRun({ stage: null, at: new Date().toISOString() }))
  }
  const statusOf = async (run: string) => (await commands.load(runs, tenant, runOf(run))).state
  return { ledger, commands, bus, log, found, asked, reconciler, say, holders, failOnce, statusOf }
}
