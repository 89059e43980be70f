import { deliveries, webhooks } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { SentMessage, WebhookSender } from '../app/ports/webhooks.ts'
import type { TenantId } from '../domain/ids.ts'
import type { Webhook } from '../domain/webhook/decide.ts'
import type { RoleLease } from './lease-keeper.ts'

export interface AttemptDeps {
  commands: Pick<CommandHandler, 'handle' | 'load'>
  lease: Pick<RoleLease, 'isHeld'>
  sender: WebhookSender
  openSealed(sealed: string): Promise<string | null>
  nowMs(): number
}

/** A message that is due to a webhook. */
export interface Due {
  tenant: TenantId
  deliveryId: string
  webhookId: string
}

const responseCharsMax = 500

/**
 * Sends a message once and writes down what came of it. Answers when it is to be tried again; null when it is settled, or
 * when another process has become the one that sends.
 */
export const attemptDelivery = async (deps: AttemptDeps, due: Due): Promise<string | null> => {
  const { commands, lease, sender, nowMs } = deps
  const { tenant, deliveryId, webhookId } = due
  const { state: delivery } = await commands.load(deliveries, tenant, deliveryId)
  if (delivery.status !== 'pending' || !delivery.scheduled) return null
  const { state: webhook } = await commands.load(webhooks, tenant, webhookId)
  const addressed = await addressOf(deps, webhook)
  const body = JSON.stringify(delivery.scheduled.body)
  // As late as possible: to read all this took time.
  if (!lease.isHeld()) return null
  const sent = 'error' in addressed ? addressed : await sender.send({ ...addressed, body, id: deliveryId })
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
  if (outcome === 'gone' && webhook.status === 'enabled') await disable(deps, due)
  return nextAt
}

/** Where to, and signed by what; or why it cannot be sent. */
const addressOf = async (
  { openSealed, nowMs }: AttemptDeps,
  webhook: Webhook,
): Promise<{ url: string; secrets: string[] } | SentMessage> => {
  if (webhook.status !== 'enabled' || !webhook.settings) return unsent(`the webhook is ${webhook.status}`)
  const now = new Date(nowMs()).toISOString()
  const valid = webhook.secrets.filter(({ until }) => until === null || until > now)
  const opened = await Promise.all(valid.map(({ secret }) => openSealed(secret)))
  const secrets = opened.filter((secret) => secret !== null)
  return secrets.length === 0 ? unsent('the webhook has no secret any more') : { url: webhook.settings.url, secrets }
}

const unsent = (error: string): SentMessage => ({
  outcome: 'gone',
  status: null,
  durationMs: 0,
  error,
  responseText: null,
  retryAfterMs: null,
})

const disable = async ({ commands, nowMs }: AttemptDeps, { tenant, webhookId }: Due): Promise<void> => {
  const command = { type: 'DisableWebhook' as const, webhookId, reason: 'the receiver answered 410 Gone' }
  await commands.handle(webhooks, webhookId, command, systemContext(tenant, 'courier', nowMs()))
}
