import { driftWork } from '../../projections/drift-work.ts'
import { webhookWork } from '../../projections/webhook-work.ts'
import { runs, webhooks } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import type { WebhookEventName } from '../../src/domain/webhook/events.ts'
import { Announcer } from '../../src/processes/announcer.ts'
import { driftWatch } from '../../src/processes/drift.ts'
import { contextOf } from './contexts.ts'
import { runOf, slugOf } from './ids.ts'
import { InMemoryLedger } from './in-memory-ledger.ts'
import { register, request } from './requests.ts'
import * as c from './run-commands.ts'
import { atTime, columnsOf } from './run-events.ts'
import { viewed } from './viewed.ts'

/** A ledger with its views, and replicas of those who look for drift and tell of it, followers or not. */
export const openDrifting = async () => {
  const ledger = new InMemoryLedger()
  const commands = new CommandHandler(ledger)
  const { views, follower, pump } = viewed(ledger)
  const shared = () => ({
    commands: new CommandHandler(ledger),
    head: () => ledger.head(),
    viewsReach: (position: bigint, timeoutMs: number) => follower.reach(position, timeoutMs),
    nowMs: () => Date.parse(atTime(60)),
  })
  await register(commands)

  const say = (run: string, command: RunCommand) => {
    const runId = runOf(run)
    return commands.handle(runs, runId, { ...command, runId } as RunCommand, contextOf())
  }
  /** A run of `flights` that writes these columns to its sinks, up to its success. */
  const writes = async (run: string, sinks: Record<string, string[]>) => {
    const schema = Object.entries(sinks).map(([sink, names]) => ({ sink, columns: columnsOf(...names) }))
    await request(commands, run, { partition: null })
    await say(run, c.startRun())
    for (const stage of ['extract', 'load']) {
      await say(run, c.startStage(stage))
      await say(run, c.completeStage(stage, 1, stage === 'load' ? { schema } : {}))
    }
    await say(run, c.commitOutputs())
  }
  const succeeds = async (run: string, sinks?: Record<string, string[]>) => {
    if (sinks) await writes(run, sinks)
    await say(run, c.succeedRun())
  }
  const hook = (webhookId: string, events: WebhookEventName[], pipelines: string[] | null = null) => {
    const settings = { url: 'https://receiver.example/', events, pipelines: pipelines?.map(slugOf) ?? null }
    const command = {
      type: 'RegisterWebhook' as const,
      webhookId,
      ...settings,
      secret: `sealed:1:p-${'a'.repeat(26)}:${'A'.repeat(40)}`,
    }
    return commands.handle(webhooks, webhookId, command, contextOf())
  }
  const of = (type: string) => ledger.all.filter((each) => each.type === type)
  return {
    ledger,
    pump,
    views,
    shared,
    writes,
    succeeds,
    hook,
    watch: (over: Partial<Parameters<typeof driftWatch>[0]> = {}) =>
      driftWatch({ ...shared(), work: driftWork(views), ...over }),
    announcer: (work = webhookWork(views)) => new Announcer({ ...shared(), work }),
    drifts: () => of('DriftDetected').flatMap(({ event }) => (event?.type === 'DriftDetected' ? [event.data] : [])),
    told: () =>
      of('DeliveryScheduled').flatMap(({ event }) => (event?.type === 'DeliveryScheduled' ? [event.data] : [])),
  }
}
