import type { ReadDb } from '../../../../projections/projection.ts'
import { attemptsOf, type DeliveryRow, type WebhookRow } from '../../../../projections/webhooks.ts'
import type { WebhookSettings } from '../../../domain/webhook/events.ts'
import { prefixedRunId } from '../../run-ids.ts'

interface ShownFrom {
  webhookId: string
  settings: WebhookSettings
  status: string
  reason: string | null
  createdAt: string
  updatedAt: string
}

/** A webhook as the API shows it; never with its secret. */
export const shownWebhook = ({ webhookId, settings, status, reason, createdAt, updatedAt }: ShownFrom) => ({
  webhook_id: webhookId,
  url: settings.url,
  events: settings.events,
  pipelines: settings.pipelines,
  enabled: status === 'enabled',
  disabled_reason: reason,
  created_at: createdAt,
  updated_at: updatedAt,
})

export const shownWebhookRow = (row: WebhookRow) =>
  shownWebhook({
    webhookId: row.webhook_id,
    settings: {
      url: row.url,
      events: JSON.parse(row.events) as WebhookSettings['events'],
      pipelines: row.pipelines === null ? null : (JSON.parse(row.pipelines) as WebhookSettings['pipelines']),
    },
    status: row.status,
    reason: row.disabled_reason,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  })

/** A message with every attempt at it. */
export const shownDelivery = (views: ReadDb, row: DeliveryRow) => ({
  delivery_id: row.delivery_id,
  run_id: row.run_id === null ? null : prefixedRunId(row.run_id),
  status: row.status.toUpperCase(),
  created_at: row.created_at,
  next_attempt_at: row.next_at,
  payload: JSON.parse(row.body) as unknown,
  attempts: attemptsOf(views, row.tenant, row.delivery_id),
})

/** A message that was given up: when, and why. */
export const shownDeadLetter = (views: ReadDb, row: DeliveryRow) => {
  const { status: _, next_attempt_at: __, ...shown } = shownDelivery(views, row)
  return {
    webhook_id: row.webhook_id,
    ...shown,
    reason: row.reason ?? '',
    exhausted_at: shown.attempts.at(-1)?.at ?? row.created_at,
  }
}
