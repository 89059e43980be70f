import { deliveries } from '../app/aggregates.ts'
import type { Follows, Log } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import type { WebhookWork } from '../app/ports/webhooks.ts'
import { type AttemptDeps, attemptDelivery, type Due } from './delivery-attempt.ts'
import type { LeaseWatcher, RoleLease } from './lease-keeper.ts'

interface CourierDeps extends AttemptDeps {
  work: Pick<WebhookWork, 'dueDeliveries'>
  /** Who holds it sends; the others only listen. */
  lease: RoleLease
  log: Log
  head(): Promise<bigint>
  /** Waits until the views have reached a position; answers whether they have. */
  viewsReach(position: bigint, timeoutMs: number): Promise<boolean>
}

const sweepEveryMs = 10_000
const viewsTimeoutMs = 30_000
const perWebhookMax = 4

/**
 * Sends what is due to webhooks, and writes down what came of it. A few messages at a time to each webhook, so that one
 * that hangs holds up nobody else. What is due comes from events at once and, whatever was missed, from the views.
 */
export class Courier implements Follows, LeaseWatcher {
  readonly name = 'courier'
  private readonly deps: CourierDeps
  /** What waits for its time, waits for a place, or is on its way: nothing is begun twice. */
  private readonly known = new Set<string>()
  private readonly timers = new Map<string, NodeJS.Timeout>()
  private readonly queues = new Map<string, { running: number; waiting: Due[] }>()
  private readonly running = new Set<Promise<void>>()
  /** Up to where events were passed over because another process sends. */
  private passedOver = -1n
  private interval: NodeJS.Timeout | undefined
  private started = false
  private stopped = false

  constructor(deps: CourierDeps) {
    this.deps = deps
    deps.lease.watch(this)
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  /** The views must be current. */
  start(): void {
    this.started = true
    this.sweep()
    this.interval = setInterval(() => this.sweep(), sweepEveryMs)
  }

  /** Waits for the messages that are on their way; what they came to is written down. */
  async stop(): Promise<void> {
    this.stopped = true
    clearInterval(this.interval)
    this.lost()
    await Promise.all(this.running)
  }

  /** What the former holder has sent, and what was passed over until now, is in the views before they are asked. */
  won(position: bigint): void {
    const reached = position > this.passedOver ? position : this.passedOver
    this.deps.viewsReach(reached, viewsTimeoutMs).then(
      () => this.sweep(),
      (error) => this.deps.log.warn('the views did not answer; the next sweep asks again', { error: String(error) }),
    )
  }

  /** Begins nothing more; what is on its way is ended, and remains known until then. */
  lost(): void {
    for (const [deliveryId, timer] of this.timers) {
      clearTimeout(timer)
      this.known.delete(deliveryId)
    }
    this.timers.clear()
    for (const { waiting } of this.queues.values()) {
      for (const { deliveryId } of waiting.splice(0)) this.known.delete(deliveryId)
    }
  }

  async handle(events: readonly LedgerEvent[], reached: bigint): Promise<void> {
    if (!this.deps.lease.isHeld()) {
      this.passedOver = reached
      return
    }
    for (const { event, metadata } of events) {
      if (event?.type !== 'DeliveryScheduled' && event?.type !== 'DeliveryResent') continue
      const { deliveryId, dueAt } = event.data
      const { state } = await this.deps.commands.load(deliveries, metadata.tenant, deliveryId)
      const webhookId = state.scheduled?.webhookId
      if (webhookId !== undefined) this.plan({ tenant: metadata.tenant, deliveryId, webhookId }, dueAt)
    }
  }

  private get isAtWork(): boolean {
    return this.started && !this.stopped && this.deps.lease.isHeld()
  }

  private sweep(): void {
    if (!this.isAtWork) return
    const by = new Date(this.deps.nowMs() + sweepEveryMs).toISOString()
    try {
      for (const { nextAt, ...due } of this.deps.work.dueDeliveries(by)) this.plan(due, nextAt)
    } catch (error) {
      this.deps.log.warn('a sweep of webhooks failed; the next one tries again', { error: String(error) })
    }
  }

  private plan(due: Due, at: string): void {
    if (!this.isAtWork || this.known.has(due.deliveryId)) return
    const delayMs = Math.max(0, Date.parse(at) - this.deps.nowMs())
    // A sweep will find it when its time comes.
    if (delayMs > 2 * sweepEveryMs) return
    this.known.add(due.deliveryId)
    const timer = setTimeout(() => {
      this.timers.delete(due.deliveryId)
      this.enqueue(due)
    }, delayMs)
    this.timers.set(due.deliveryId, timer)
  }

  private enqueue(due: Due): void {
    const queue = this.queues.get(due.webhookId) ?? { running: 0, waiting: [] }
    this.queues.set(due.webhookId, queue)
    queue.waiting.push(due)
    this.pump(due.webhookId)
  }

  private pump(webhookId: string): void {
    const queue = this.queues.get(webhookId)
    if (!queue) return
    while (queue.running < perWebhookMax) {
      const due = queue.waiting.shift()
      if (!due) break
      queue.running += 1
      const sending: Promise<void> = this.deliver(due).finally(() => {
        this.running.delete(sending)
        queue.running -= 1
        this.pump(webhookId)
      })
      this.running.add(sending)
    }
    if (queue.running === 0 && queue.waiting.length === 0) this.queues.delete(webhookId)
  }

  private async deliver(due: Due): Promise<void> {
    let next: string | null = null
    try {
      next = await attemptDelivery(this.deps, due)
    } catch (error) {
      this.deps.log.warn('a delivery was left to the next sweep', { delivery: due.deliveryId, error: String(error) })
    }
    this.known.delete(due.deliveryId)
    if (next !== null) this.plan(due, next)
  }
}
