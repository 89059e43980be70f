import { deliveries, runs } from '../app/aggregates.ts'
import { type Cause, systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import { uuidv5 } from '../app/ids.ts'
import type { Follows } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import type { Announcement, WebhookWork } from '../app/ports/webhooks.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Run } from '../domain/run/state.ts'
import type { WebhookEventName } from '../domain/webhook/events.ts'
import { doAllDue, viewsTimeoutMs } from './rounds.ts'

interface AnnouncerDeps {
  work: WebhookWork
  commands: Pick<CommandHandler, 'handle' | 'load' | 'loadCached'>
  head(): Promise<bigint>
  /** Waits until the views have reached a position; answers whether they have. */
  viewsReach(position: bigint, timeoutMs: number): Promise<boolean>
  nowMs(): number
}

/** Runs that ended longer ago are not told of any more by a process that starts. */
const lookBackMs = 7 * 24 * 3_600_000

const told: Partial<Record<string, WebhookEventName>> = {
  RunSucceeded: 'SUCCESS',
  RunFailed: 'FAILURE',
  RunRejected: 'FAILURE',
  RunCanceled: 'CANCELED',
  DriftDetected: 'DRIFT',
}

/**
 * Schedules a delivery to every webhook that wants to know how a run ended or which sink of it has drifted; each delivery
 * once, however often asked.
 */
export class Announcer implements Follows {
  readonly name = 'announcer'
  private readonly deps: AnnouncerDeps

  constructor(deps: AnnouncerDeps) {
    this.deps = deps
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  /** What happened while no process was there to announce it. The views must be current. */
  start(): Promise<void> {
    const { work, viewsReach, nowMs } = this.deps
    const since = new Date(nowMs() - lookBackMs).toISOString()
    return doAllDue({
      due: () => work.unannounced(since),
      keyOf: deliveryIdOf,
      act: (announcement) => this.announce(announcement),
      viewsReach,
    })
  }

  async handle(events: readonly LedgerEvent[], reached: bigint): Promise<void> {
    const tellable = events.filter(({ type }) => told[type] !== undefined)
    if (tellable.length === 0) return
    if (!(await this.deps.viewsReach(reached, viewsTimeoutMs))) throw new Error('the views are too far behind')
    for (const { id, type, event, metadata } of tellable) {
      const name = told[type]
      if (!event || !name || !('runId' in event.data) || event.data.runId === null) continue
      const { tenant, correlationId } = metadata
      const sink = event.type === 'DriftDetected' ? event.data.sink : null
      const happened = { tenant, runId: event.data.runId, event: name, sink }
      await this.announceToAll(happened, { correlationId, causationId: id })
    }
  }

  private async announceToAll(happened: Omit<Announcement, 'webhookId'>, cause: Cause): Promise<void> {
    const { tenant, runId, event } = happened
    const { state } = await this.deps.commands.loadCached(runs, tenant, runId)
    if (!state.requested) return
    for (const webhookId of this.deps.work.wanting(tenant, event, state.requested.pipeline)) {
      await this.announce({ ...happened, webhookId }, cause)
    }
  }

  /** Answers the position of what the ledger then holds of the delivery. */
  private async announce(announcement: Announcement, cause?: Cause): Promise<bigint> {
    const { commands, nowMs } = this.deps
    const { tenant, runId, webhookId, sink } = announcement
    // A drift is recorded after the end; what is cached may not have it yet.
    const load = sink === null ? commands.loadCached(runs, tenant, runId) : commands.load(runs, tenant, runId)
    const { state, position: read } = await load
    const context = systemContext(tenant, 'announcer', nowMs(), cause)
    const body = bodyOf(announcement, state, context.at)
    if (body === null) return read
    const deliveryId = deliveryIdOf(announcement)
    const command = { type: 'ScheduleDelivery' as const, deliveryId, webhookId, runId, body, dueAt: context.at }
    const { position } = await commands.handle(deliveries, deliveryId, command, context)
    return position
  }
}

const deliveryIdOf = ({ tenant, runId, webhookId, event, sink }: Announcement): string =>
  uuidv5('delivery', webhookId, tenant, runId, event, ...(sink === null ? [] : [sink]))

/** The payload of the batch document, to the letter; of a drift with the columns of its sink beside it. */
const bodyOf = ({ runId, event, sink }: Announcement, run: Run, at: string): JsonObject | null => {
  if (!run.requested) return null
  const { pipeline, batchId } = run.requested
  const body = {
    event: 'PIPELINE_COMPLETED',
    run_id: `run_${runId}`,
    pipeline,
    status: event,
    batch_id: batchId,
    timestamp: `${at.slice(0, 19)}Z`,
  }
  if (sink === null) return body
  const drift = run.drifts.find((each) => each.sink === sink)
  if (!drift) return null
  const { added, removed, retyped } = drift
  return { ...body, drift: { sink, added, removed, retyped } }
}
