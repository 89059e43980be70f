import type { AttemptOutcome } from '../../domain/delivery/events.ts'
import type { RunId, TenantId } from '../../domain/ids.ts'
import type { WebhookEventName } from '../../domain/webhook/events.ts'

/** A message as it goes out; each secret signs it. `id` stays the same over all attempts. */
interface WebhookMessage {
  url: string
  body: string
  id: string
  secrets: readonly string[]
}

/** What came of one attempt. */
export interface SentMessage {
  outcome: AttemptOutcome
  /** HTTP status; null when there was no answer. */
  status: number | null
  durationMs: number
  error: string | null
  responseText: string | null
  /** What Retry-After asks for. */
  retryAfterMs: number | null
}

export interface WebhookSender {
  /** Never throws for what the other side does. */
  send(message: WebhookMessage): Promise<SentMessage>
  /** When to try again after so many attempts; null when that was the last. */
  nextAttemptAt(attempts: number, nowMs: number, retryAfterMs: number | null): number | null
}

/** A run that has ended or drifted, and a webhook that is to be told so. */
export interface Announcement {
  tenant: TenantId
  runId: RunId
  webhookId: string
  event: WebhookEventName
  /** Which of the run's sinks has drifted; null for an end. */
  sink: string | null
}

/** What the views say of webhooks. Lists are bounded; a later call finds the rest. */
export interface WebhookWork {
  /** Enabled webhooks that want this event of this pipeline. */
  wanting(tenant: TenantId, event: WebhookEventName, pipeline: string): string[]
  /** Runs that ended or drifted since a time (ISO) and of which a webhook that wants it was not told. */
  unannounced(since: string): Announcement[]
  /** Deliveries that are to be attempted by then (ISO). */
  dueDeliveries(by: string): { tenant: TenantId; deliveryId: string; webhookId: string; nextAt: string }[]
}
