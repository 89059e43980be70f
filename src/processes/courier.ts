import { deliveries, webhooks } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { Follows, Log } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import type { SentMessage, WebhookSender, WebhookWork } from '../app/ports/webhooks.ts'
import type { TenantId } from '../domain/ids.ts'
import type { Webhook } from '../domain/webhook/decide.ts'

interface CourierDeps {
  work: WebhookWork
  sender: WebhookSender
  commands: Pick<CommandHandler, 'handle' | 'load'>
  openSealed(sealed: string): Promise<string | null>
  log: Log
  head(): Promise<bigint>
  nowMs(): number
}

const sweepEveryMs = 10_000
const perWebhookMax = 4
const responseCharsMax = 500

interface Due {
  tenant: TenantId
  deliveryId: string
  webhookId: string
}

/**
 * Sends what is due to webhooks, and writes down what came of it. A few messages at a time to each webhook, so that one
 * that hangs holds up nobody else. What is due comes from events at once and, whatever was missed, from the views.
 */
export class Courier implements Follows {
  readonly name = 'courier'
  private readonly deps: CourierDeps
  private readonly known = new Set<string>()
  private readonly queues = new Map<string, { running: number; waiting: Due[] }>()
  private readonly timers = new Set<NodeJS.Timeout>()
  private readonly running = new Set<Promise<void>>()
  private interval: NodeJS.Timeout | undefined
  private stopped = false

  constructor(deps: CourierDeps) {
    this.deps = deps
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  /** The views must be current. */
  start(): void {
    this.sweep()
    this.interval = setInterval(() => this.sweep(), sweepEveryMs)
  }

  /** Waits for the messages that are on their way; what they came to is written down. */
  async stop(): Promise<void> {
    this.stopped = true
    clearInterval(this.interval)
    for (const timer of this.timers) clearTimeout(timer)
    await Promise.all(this.running)
  }

  async handle(events: readonly LedgerEvent[]): Promise<void> {
    for (const { event, metadata } of events) {
      if (event?.type !== 'DeliveryScheduled' && event?.type !== 'DeliveryResent') continue
      const { deliveryId, dueAt } = event.data
      const { state } = await this.deps.commands.load(deliveries, metadata.tenant, deliveryId)
      const webhookId = state.scheduled?.webhookId
      if (webhookId !== undefined) this.plan({ tenant: metadata.tenant, deliveryId, webhookId }, dueAt)
    }
  }

  private sweep(): void {
    const by = new Date(this.deps.nowMs() + sweepEveryMs).toISOString()
    try {
      for (const { nextAt, ...due } of this.deps.work.dueDeliveries(by)) this.plan(due, nextAt)
    } catch (error) {
      this.deps.log.warn('a sweep of webhooks failed; the next one tries again', { error: String(error) })
    }
  }

  private plan(due: Due, at: string): void {
    if (this.stopped || this.known.has(due.deliveryId)) return
    this.known.add(due.deliveryId)
    const delayMs = Math.max(0, Date.parse(at) - this.deps.nowMs())
    if (delayMs > 2 * sweepEveryMs) {
      // A sweep will find it when its time comes.
      this.known.delete(due.deliveryId)
      return
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      this.enqueue(due)
    }, delayMs)
    this.timers.add(timer)
  }

  private enqueue(due: Due): void {
    const queue = this.queues.get(due.webhookId) ?? { running: 0, waiting: [] }
    this.queues.set(due.webhookId, queue)
    queue.waiting.push(due)
    this.pump(due.webhookId)
  }

  private pump(webhookId: string): void {
    const queue = this.queues.get(webhookId)
    if (!queue || this.stopped) return
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
      next = await this.attempt(due)
    } catch (error) {
      this.deps.log.warn('a delivery was left to the next sweep', { delivery: due.deliveryId, error: String(error) })
    }
    this.known.delete(due.deliveryId)
    if (next !== null) this.plan(due, next)
  }

  /** Answers when it is to be tried again; null when it is settled. */
  private async attempt({ tenant, deliveryId, webhookId }: Due): Promise<string | null> {
    const { commands, sender, nowMs } = this.deps
    const { state: delivery } = await commands.load(deliveries, tenant, deliveryId)
    if (delivery.status !== 'pending' || !delivery.scheduled) return null
    const { state: webhook } = await commands.load(webhooks, tenant, webhookId)
    const body = JSON.stringify(delivery.scheduled.body)
    const sent = await this.send(webhook, deliveryId, body)
    const isOver = sent.outcome !== 'failed'
    const nextMs = isOver ? null : sender.nextAttemptAt(delivery.round + 1, nowMs(), sent.retryAfterMs)
    const nextAt = nextMs === null ? null : new Date(nextMs).toISOString()
    const { outcome, status, durationMs, error, responseText } = sent
    const command = {
      type: 'RecordAttempt' as const,
      deliveryId,
      attempt: delivery.attempts + 1,
      outcome,
      status,
      durationMs,
      error,
      response: responseText?.slice(0, responseCharsMax) ?? null,
      nextAt,
    }
    await commands.handle(deliveries, deliveryId, command, systemContext(tenant, 'courier', nowMs()))
    if (outcome === 'gone' && webhook.status === 'enabled') await this.disable(tenant, webhookId)
    return nextAt
  }

  private async send(webhook: Webhook, id: string, body: string): Promise<SentMessage> {
    const unsent = (error: string): SentMessage => ({
      outcome: 'gone',
      status: null,
      durationMs: 0,
      error,
      responseText: null,
      retryAfterMs: null,
    })
    if (webhook.status !== 'enabled' || !webhook.settings) return unsent(`the webhook is ${webhook.status}`)
    const now = new Date(this.deps.nowMs()).toISOString()
    const valid = webhook.secrets.filter(({ until }) => until === null || until > now)
    const opened = await Promise.all(valid.map(({ secret }) => this.deps.openSealed(secret)))
    const secrets = opened.filter((secret) => secret !== null)
    if (secrets.length === 0) return unsent('the webhook has no secret any more')
    return this.deps.sender.send({ url: webhook.settings.url, body, id, secrets })
  }

  private async disable(tenant: TenantId, webhookId: string): Promise<void> {
    const command = { type: 'DisableWebhook' as const, webhookId, reason: 'the receiver answered 410 Gone' }
    await this.deps.commands.handle(webhooks, webhookId, command, systemContext(tenant, 'courier', this.deps.nowMs()))
  }
}
