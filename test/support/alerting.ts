import { onTestFinished } from 'vitest'
import { listAlerts } from '../../projections/alert-queries.ts'
import { sloWork } from '../../projections/alert-work.ts'
import { runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import type { Environment } from '../../src/domain/pipeline/environments.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { SloAlerts, type SloAlertsDeps } from '../../src/processes/slo-alerts.ts'
import { contextOf } from './contexts.ts'
import { partitionOf, runOf, tenant } from './ids.ts'
import { InMemoryLedger } from './in-memory-ledger.ts'
import { SilentLog } from './log.ts'
import { manifestOf } from './manifests.ts'
import { register, request } from './requests.ts'
import * as c from './run-commands.ts'
import { viewed } from './viewed.ts'

const startMs = Date.parse('2026-01-02T03:04:05.000Z')

/** A ledger with its views, `flights` with objectives, and managers that come and go. Its clock is set by the test. */
export const openAlerting = async (slo: Record<string, number> | null = { success_rate: 0.5 }) => {
  const clock = { ms: startMs }
  const ledger = new InMemoryLedger(() => clock.ms)
  const commands = new CommandHandler(ledger)
  const log = new SilentLog()
  const { views, follower, pump } = viewed(ledger)
  await register(commands, manifestOf({ slo }))
  await pump.settled()

  const manager = (over: Partial<SloAlertsDeps> = {}) => {
    const made = new SloAlerts({
      work: sloWork(views),
      commands: new CommandHandler(ledger),
      log,
      isLeader: () => true,
      head: () => ledger.head(),
      viewsReach: (position, timeoutMs) => follower.reach(position, timeoutMs),
      nowMs: () => clock.ms,
      ...over,
    })
    onTestFinished(() => made.stop())
    return made
  }

  let count = 0
  /** A run that begins so many seconds ago and ends now. */
  const ends = async (
    outcome: 'good' | 'failed',
    { seconds = 1, environment }: { seconds?: number; environment?: Environment } = {},
  ) => {
    count += 1
    const run = `run-${count}`
    const at = (ms: number) => contextOf({ at: new Date(ms).toISOString() })
    const begun = clock.ms - seconds * 1_000
    const over = { partition: partitionOf(run), ...(environment === undefined ? {} : { environment }) }
    await request(commands, run, over, at(begun))
    const say = (ms: number, command: RunCommand) =>
      commands.handle(runs, runOf(run), { ...command, runId: runOf(run) } as RunCommand, at(ms))
    await say(begun, c.startRun(1))
    if (outcome === 'failed') await say(clock.ms, c.failRun({ retryable: false }))
    else {
      for (const stage of ['extract', 'load']) {
        await say(begun, c.startStage(stage))
        await say(begun, c.completeStage(stage, 1, { files: [] }))
      }
      await say(clock.ms, c.commitOutputs())
      await say(clock.ms, c.succeedRun())
    }
    await pump.settled()
    return run
  }
  /** Has a manager see all that happened, a second later. */
  const seen = async (by: SloAlerts, events = [...ledger.all]) => {
    clock.ms += 1_000
    await by.handle(events, await ledger.head())
    await by.tick()
    await pump.settled()
  }
  return {
    ledger,
    commands,
    log,
    views,
    pump,
    clock,
    manager,
    ends,
    seen,
    define: async (next: Record<string, number> | null) => {
      await register(commands, manifestOf({ slo: next, version: `${clock.ms}` }), `h${clock.ms}`)
      await pump.settled()
    },
    /** What happened to alerts: type, objective and severity. */
    told: () =>
      ledger.all.flatMap(({ event }) => {
        if (event?.type === 'SloAlertResolved') return [`resolved ${event.data.objective}`]
        if (event?.type !== 'SloAlertRaised' && event?.type !== 'SloAlertEscalated') return []
        const { environment, objective, severity } = event.data
        return [`${event.type === 'SloAlertRaised' ? 'raised' : 'escalated'} ${environment} ${objective} ${severity}`]
      }),
    shown: () => listAlerts(views, tenant, {}, { below: null, limit: 100 }),
  }
}
