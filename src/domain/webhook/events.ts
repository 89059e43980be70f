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

/** Which messages are asked for again: those that were given up, or those that were taken too. */
export const resendChoices = ['FAILED', 'ALL'] as const

/** Messages of a webhook that are to be sent again, as they were found when it was asked for. */
export interface ResendAsked {
  webhookId: string
  choice: (typeof resendChoices)[number]
  /** Positions in the ledger of the first and the last of them, in decimal; null when there are none. */
  between: { first: string; last: string } | null
  messages: number
  /** Whether there were more than are sent again at a time. */
  more: boolean
}

/** `secret` is sealed under the webhook's own key. */
export type WebhookEvent =
  | { type: 'WebhookRegistered'; data: WebhookSettings & { webhookId: string; secret: string } }
  | { type: 'WebhookUpdated'; data: WebhookSettings & { webhookId: string } }
  | { type: 'WebhookSecretRotated'; data: { webhookId: string; secret: string; oldUntil: string } }
  | { type: 'WebhookDisabled'; data: { webhookId: string; reason: string } }
  | { type: 'WebhookEnabled'; data: { webhookId: string } }
  | { type: 'WebhookDeleted'; data: { webhookId: string } }
  | { type: 'WebhookResendRequested'; data: ResendAsked }
