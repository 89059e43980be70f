import type { RunId } from '../ids.ts'
import type { JsonObject } from '../json.ts'

/** What an attempt came to. `gone`: the receiver wants no more (410). `refused`: the address may not be called. */
export type AttemptOutcome = 'delivered' | 'failed' | 'gone' | 'refused'

export interface DeliveryAttempt {
  /** From 1. */
  attempt: number
  outcome: AttemptOutcome
  status: number | null
  durationMs: number
  error: string | null
  /** The beginning of what was answered. */
  response: string | null
  /** ISO time of the next attempt; null when there is none. */
  nextAt: string | null
}

export interface DeliveryScheduled {
  deliveryId: string
  webhookId: string
  /** Null for a test. */
  runId: RunId | null
  body: JsonObject
  dueAt: string
}

export type DeliveryEvent =
  | { type: 'DeliveryScheduled'; data: DeliveryScheduled }
  | { type: 'DeliveryAttempted'; data: DeliveryAttempt & { deliveryId: string } }
  | { type: 'DeliveryExhausted'; data: { deliveryId: string; attempts: number; error: string } }
  | { type: 'DeliveryResent'; data: { deliveryId: string; dueAt: string } }
