import type { Slug } from '../ids.ts'

/** What a webhook can be told of. */
export const webhookEvents = ['SUCCESS', 'FAILURE', 'CANCELED', 'DRIFT'] as const
export type WebhookEventName = (typeof webhookEvents)[number]

export interface WebhookSettings {
  url: string
  events: readonly WebhookEventName[]
  /** Of which pipelines; null: of all. */
  pipelines: readonly Slug[] | null
}

/** `secret` is sealed under the webhook's own key. */
export type WebhookEvent =
  | { type: 'WebhookRegistered'; data: WebhookSettings & { webhookId: string; secret: string } }
  | { type: 'WebhookUpdated'; data: WebhookSettings & { webhookId: string } }
  | { type: 'WebhookSecretRotated'; data: { webhookId: string; secret: string; oldUntil: string } }
  | { type: 'WebhookDisabled'; data: { webhookId: string; reason: string } }
  | { type: 'WebhookEnabled'; data: { webhookId: string } }
  | { type: 'WebhookDeleted'; data: { webhookId: string } }
