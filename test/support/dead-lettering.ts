import { deadLetterWork } from '../../projections/dead-letter-work.ts'
import { deadLetters, deliveries, partitions, runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import type { RunAsked } from '../../src/app/request-run.ts'
import type { DeadLetterCommand } from '../../src/domain/dead-letter/decide.ts'
import type { DeadLetter } from '../../src/domain/dead-letter/events.ts'
import type { DeliveryCommand } from '../../src/domain/delivery/decide.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import type { RejectedRows } from '../../src/domain/run/events.ts'
import { deadLetterKeeper } from '../../src/processes/dead-letters/keeper.ts'
import { contextOf } from './contexts.ts'
import { partitionOf, runOf, tenant } from './ids.ts'
import { InMemoryLedger } from './in-memory-ledger.ts'
import { manifestOf } from './manifests.ts'
import { register, request } from './requests.ts'
import * as c from './run-commands.ts'
import { atTime } from './run-events.ts'
import { viewed } from './viewed.ts'

export const rejectedBy = (check: string, rows: number, run: string): RejectedRows => ({
  check,
  table: 'extract',
  reason: `${check} does not hold`,
  rows,
  file: `rejected/flights/${run}/${check}.ndjson`,
})

type Asked = Partial<RunAsked> & { replays?: string }

/** Runs of `flights` and messages about them, over a ledger with its views, and who keeps the dead letters. */
export const openDeadLettering = async () => {
  const ledger = new InMemoryLedger()
  const commands = new CommandHandler(ledger)
  const { views, follower, pump } = viewed(ledger)
  const keeper = () =>
    deadLetterKeeper({
      commands: new CommandHandler(ledger),
      work: deadLetterWork(views),
      head: () => ledger.head(),
      viewsReach: (position, timeoutMs) => follower.reach(position, timeoutMs),
      nowMs: () => Date.parse(atTime(60)),
    })
  await register(commands, manifestOf({}, { retries: 2 }))
  let second = 0

  const asks = (run: string, { replays, ...over }: Asked = {}, context = contextOf()) => {
    second += 1
    const replay = replays === undefined ? {} : { replayOf: { runId: runOf(replays), contract: null } }
    const at = { ...context, at: atTime(second) }
    return request(commands, run, { partition: partitionOf('p1'), ...replay, ...over, runIdChosen: true }, at)
  }
  const say = async (run: string, ...said: RunCommand[]) => {
    for (const command of said) {
      second += 1
      const runId = runOf(run)
      const told = { ...command, runId, ...('at' in command ? { at: atTime(second) } : {}) } as RunCommand
      await commands.handle(runs, runId, told, contextOf({ at: atTime(second) }))
    }
  }
  const fails = async (run: string, asked?: Asked) => {
    await asks(run, asked)
    await say(run, c.startRun(), c.startStage('extract'), c.failRun({ retryable: false }))
    await release(run)
  }
  const succeeds = async (run: string, rejected: RejectedRows[] = [], asked?: Asked) => {
    await asks(run, asked)
    const turnedAway = rejected.length > 0 ? { rejected } : {}
    await say(run, c.startRun(), c.startStage('extract'), c.completeStage('extract', 1, turnedAway))
    await say(run, c.startStage('load'), c.completeStage('load'), c.commitOutputs(), c.succeedRun())
    await release(run)
  }
  /** What the reconciler does once a run has ended. */
  const release = async (run: string) => {
    const { state } = await commands.load(runs, tenant, runOf(run))
    const { claim, pipelineId, partition } = state.requested ?? {}
    if (!claim || !partition) return
    const command = { type: 'ReleasePartition' as const, runId: runOf(run), commandId: claim }
    await commands.handle(partitions, `${pipelineId}.${partition}`, command, contextOf())
  }
  const tells = (deliveryId: string, command: DeliveryCommand) =>
    commands.handle(deliveries, deliveryId, command, contextOf())
  const attempt = (deliveryId: string, number: number, outcome: 'delivered' | 'failed') => {
    const of = { deliveryId, attempt: number, outcome, status: 500, durationMs: 1 }
    return tells(deliveryId, { type: 'RecordAttempt', ...of, error: 'it hung up', response: null, nextAt: null })
  }
  const schedules = (deliveryId: string, run: string | null = null) => {
    const of = { deliveryId, webhookId: 'w1', runId: run === null ? null : runOf(run), body: {} }
    return tells(deliveryId, { type: 'ScheduleDelivery', ...of, dueAt: atTime(0) })
  }
  /** Until nothing is left to do: what the keeper says wakes it again. */
  const keep = async (by = keeper()) => {
    for (let seen = 0; seen < ledger.all.length; ) {
      const fresh = ledger.all.slice(seen)
      seen = ledger.all.length
      await pump.settled()
      await by.handle(fresh, await ledger.head())
      await pump.settled()
    }
  }
  const entryEvents = () => ledger.all.filter(({ stream }) => stream.startsWith('dlq-'))
  const entries = (): DeadLetter[] =>
    entryEvents().flatMap(({ event }) => (event?.type === 'DeadLetterRecorded' ? [event.data] : []))
  return {
    ...{ ledger, commands, pump, views, keeper, asks, say, fails, succeeds, schedules, attempt, tells, keep, entries },
    /** What was said of each entry, in order: `Recorded`, `Retried r2`, … */
    stories: () => {
      const told = new Map<string, string[]>()
      for (const { event } of entryEvents()) {
        if (!event || !('entryId' in event.data)) continue
        const by = 'by' in event.data ? ` ${event.data.by}` : ''
        const story = told.get(event.data.entryId) ?? []
        told.set(event.data.entryId, [...story, `${event.type.replace('DeadLetter', '')}${by}`])
      }
      return [...told.values()]
    },
    decides: (command: DeadLetterCommand & { entryId: string }, over = {}) =>
      commands.handle(deadLetters, command.entryId, command, contextOf(over)),
  }
}
