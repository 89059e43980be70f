import { deliveries, runs } from '../app/aggregates.ts'
import { type Cause, systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import { uuidv5 } from '../app/ids.ts'
import type { Follows } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import type { Announcement, WebhookWork } from '../app/ports/webhooks.ts'
import type { RunId, TenantId } from '../domain/ids.ts'
import type { WebhookEventName } from '../domain/webhook/events.ts'

interface AnnouncerDeps {
  work: WebhookWork
  commands: Pick<CommandHandler, 'handle' | 'loadCached'>
  head(): Promise<bigint>
  /** Waits until the views have reached a position; answers whether they have. */
  viewsReach(position: bigint, timeoutMs: number): Promise<boolean>
  nowMs(): number
}

const viewsTimeoutMs = 30_000
/** Runs that ended longer ago are not told of any more by a process that starts. */
const lookBackMs = 7 * 24 * 3_600_000

const endings: Partial<Record<string, WebhookEventName>> = {
  RunSucceeded: 'SUCCESS',
  RunFailed: 'FAILURE',
  RunRejected: 'FAILURE',
  RunCanceled: 'CANCELED',
}

/** Schedules a delivery to every webhook that wants to know how a run ended; each delivery once, however often asked. */
export class Announcer implements Follows {
  readonly name = 'announcer'
  private readonly deps: AnnouncerDeps

  constructor(deps: AnnouncerDeps) {
    this.deps = deps
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  /** What ended while no process was there to announce it. The views must be current. */
  async start(): Promise<void> {
    const since = new Date(this.deps.nowMs() - lookBackMs).toISOString()
    for (const { tenant, runId, webhookId, event } of this.deps.work.unannounced(since)) {
      await this.announce({ tenant, runId, webhookId, event })
    }
  }

  async handle(events: readonly LedgerEvent[], reached: bigint): Promise<void> {
    const ended = events.filter(({ type }) => endings[type] !== undefined)
    if (ended.length === 0) return
    if (!(await this.deps.viewsReach(reached, viewsTimeoutMs))) throw new Error('the views are too far behind')
    for (const { id, type, event, metadata } of ended) {
      const name = endings[type]
      if (!event || !name || !('runId' in event.data) || event.data.runId === null) continue
      const { tenant, correlationId } = metadata
      await this.ended(tenant, event.data.runId, name, { correlationId, causationId: id })
    }
  }

  private async ended(tenant: TenantId, runId: RunId, event: WebhookEventName, cause: Cause): Promise<void> {
    const { state } = await this.deps.commands.loadCached(runs, tenant, runId)
    if (!state.requested) return
    for (const webhookId of this.deps.work.wanting(tenant, event, state.requested.pipeline)) {
      await this.announce({ tenant, runId, webhookId, event }, cause)
    }
  }

  private async announce({ tenant, runId, webhookId, event }: Announcement, cause?: Cause): Promise<void> {
    const { commands, nowMs } = this.deps
    const { state } = await commands.loadCached(runs, tenant, runId)
    if (!state.requested) return
    const context = systemContext(tenant, 'announcer', nowMs(), cause)
    const deliveryId = uuidv5('delivery', webhookId, tenant, runId, event)
    const { pipeline, batchId } = state.requested
    // The payload of the batch document, to the letter.
    const body = {
      event: 'PIPELINE_COMPLETED',
      run_id: `run_${runId}`,
      pipeline,
      status: event,
      batch_id: batchId,
      timestamp: `${context.at.slice(0, 19)}Z`,
    }
    const command = { type: 'ScheduleDelivery' as const, deliveryId, webhookId, runId, body, dueAt: context.at }
    await commands.handle(deliveries, deliveryId, command, context)
  }
}
