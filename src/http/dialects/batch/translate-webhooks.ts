import type { WebhookRow } from '../../../../projections/webhooks.ts'
import type { WebhookSettings } from '../../../domain/webhook/events.ts'

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
