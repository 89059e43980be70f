import { put, type ReadDb, type Seen, type Statement, update, type View } from './projection.ts'

export const webhooksTable = 'webhooks_v2'
export const deliveriesTable = 'deliveries_v2'
export const deliveriesByRun = `${deliveriesTable}_run`
const attemptsTable = 'delivery_attempts_v2'

/** `events` and `pipelines` are JSON lists; `pipelines` is null for all. */
export interface WebhookRow {
  tenant: string
  webhook_id: string
  url: string
  events: string
  pipelines: string | null
  status: 'enabled' | 'disabled' | 'deleted'
  disabled_reason: string | null
  created_at: string
  updated_at: string
}

/**
 * `body` is JSON. `next_at` is when it is due; null when it is settled. `position` is where the ledger has it from the
 * first, `settled_position` where it was taken or given up; `reason` says why it was given up.
 */
export interface DeliveryRow {
  tenant: string
  delivery_id: string
  webhook_id: string
  run_id: string | null
  body: string
  status: 'pending' | 'delivered' | 'exhausted'
  attempts: number
  next_at: string | null
  created_at: string
  position: number
  settled_position: number | null
  reason: string | null
}

export interface AttemptRow {
  attempt: number
  at: string
  outcome: string
  status: number | null
  duration_ms: number
  error: string | null
  response: string | null
}

const settings = ({ url, events, pipelines }: Seen<'WebhookRegistered' | 'WebhookUpdated'>['event']['data']) => ({
  url,
  events: JSON.stringify(events),
  pipelines: pipelines === null ? null : JSON.stringify(pipelines),
})

type WebhookChange = 'WebhookUpdated' | 'WebhookSecretRotated' | 'WebhookDisabled' | 'WebhookEnabled' | 'WebhookDeleted'

const changed = (seen: Seen<WebhookChange>, changes: Record<string, string | null>): Statement[] => {
  const key = { tenant: seen.metadata.tenant, webhook_id: seen.event.data.webhookId }
  return [update(webhooksTable, key, { ...changes, updated_at: seen.metadata.occurredAt })]
}

const registered = (seen: Seen<'WebhookRegistered'>): Statement[] => {
  const at = seen.metadata.occurredAt
  const row: WebhookRow = {
    tenant: seen.metadata.tenant,
    webhook_id: seen.event.data.webhookId,
    ...settings(seen.event.data),
    status: 'enabled',
    disabled_reason: null,
    created_at: at,
    updated_at: at,
  }
  return [put(webhooksTable, row)]
}

const scheduled = ({ metadata, position, event: { data } }: Seen<'DeliveryScheduled'>): Statement[] => {
  const row: DeliveryRow = {
    tenant: metadata.tenant,
    delivery_id: data.deliveryId,
    webhook_id: data.webhookId,
    run_id: data.runId,
    body: JSON.stringify(data.body),
    status: 'pending',
    attempts: 0,
    next_at: data.dueAt,
    created_at: metadata.occurredAt,
    position: Number(position),
    settled_position: null,
    reason: null,
  }
  return [put(deliveriesTable, row)]
}

const attempted = ({ metadata, position, event: { data } }: Seen<'DeliveryAttempted'>): Statement[] => {
  const { deliveryId, attempt, outcome, status, durationMs, error, response, nextAt } = data
  const key = { tenant: metadata.tenant, delivery_id: deliveryId }
  const settled = outcome === 'delivered' ? { status: 'delivered', settled_position: position } : {}
  const row: AttemptRow = {
    attempt,
    at: metadata.occurredAt,
    outcome,
    status,
    duration_ms: durationMs,
    error,
    response,
  }
  return [
    put(attemptsTable, { ...key, ...row }),
    update(deliveriesTable, key, { ...settled, attempts: attempt, next_at: nextAt }),
  ]
}

const exhausted = ({ metadata, position, event: { data } }: Seen<'DeliveryExhausted'>): Statement[] => [
  update(
    deliveriesTable,
    { tenant: metadata.tenant, delivery_id: data.deliveryId },
    { status: 'exhausted', next_at: null, settled_position: position, reason: data.error },
  ),
]

const resent = ({ metadata, event: { data } }: Seen<'DeliveryResent'>): Statement[] => [
  update(
    deliveriesTable,
    { tenant: metadata.tenant, delivery_id: data.deliveryId },
    { status: 'pending', next_at: data.dueAt, settled_position: null, reason: null },
  ),
]

/** Where tenants want to be told, and what they were told. */
export const webhooksView: View = {
  name: 'webhooks',
  version: 2,
  tables: [webhooksTable, deliveriesTable, attemptsTable],
  schema: [
    `create table if not exists ${webhooksTable} (
      tenant text, webhook_id text, url text, events text, pipelines text, status text, disabled_reason text,
      created_at text, updated_at text, primary key (tenant, webhook_id)) without rowid`,
    `create table if not exists ${deliveriesTable} (
      tenant text, delivery_id text, webhook_id text, run_id text, body text, status text, attempts integer,
      next_at text, created_at text, position integer, settled_position integer, reason text,
      primary key (tenant, delivery_id)) without rowid`,
    `create index if not exists ${deliveriesTable}_due on ${deliveriesTable} (next_at) where next_at is not null`,
    `create index if not exists ${deliveriesTable}_webhook on ${deliveriesTable} (tenant, webhook_id, created_at)`,
    `create index if not exists ${deliveriesByRun} on ${deliveriesTable} (tenant, webhook_id, run_id)`,
    `create index if not exists ${deliveriesTable}_position on ${deliveriesTable} (tenant, webhook_id, position)`,
    `create index if not exists ${deliveriesTable}_dead on ${deliveriesTable} (tenant, settled_position)
      where status = 'exhausted'`,
    `create table if not exists ${attemptsTable} (
      tenant text, delivery_id text, attempt integer, at text, outcome text, status integer, duration_ms real,
      error text, response text, primary key (tenant, delivery_id, attempt)) without rowid`,
  ],
  handlers: {
    WebhookRegistered: registered,
    WebhookUpdated: (seen) => changed(seen, settings(seen.event.data)),
    WebhookSecretRotated: (seen) => changed(seen, {}),
    WebhookDisabled: (seen) => changed(seen, { status: 'disabled', disabled_reason: seen.event.data.reason }),
    WebhookEnabled: (seen) => changed(seen, { status: 'enabled', disabled_reason: null }),
    WebhookDeleted: (seen) => changed(seen, { status: 'deleted' }),
    DeliveryScheduled: scheduled,
    DeliveryAttempted: attempted,
    DeliveryExhausted: exhausted,
    DeliveryResent: resent,
  },
}

/** Those that are not deleted, oldest first. */
export const listWebhooks = (db: ReadDb, tenant: string): WebhookRow[] =>
  db.all<WebhookRow>(
    `select * from ${webhooksTable} where tenant = ? and status <> 'deleted' order by created_at, webhook_id`,
    tenant,
  )

export const webhookById = (db: ReadDb, tenant: string, webhookId: string): WebhookRow | undefined =>
  db.get<WebhookRow>(
    `select * from ${webhooksTable} where tenant = ? and webhook_id = ? and status <> 'deleted'`,
    tenant,
    webhookId,
  )

export const attemptsOf = (db: ReadDb, tenant: string, deliveryId: string): AttemptRow[] =>
  db.all<AttemptRow>(
    `select attempt, at, outcome, status, duration_ms, error, response from ${attemptsTable}
     where tenant = ? and delivery_id = ? order by attempt`,
    tenant,
    deliveryId,
  )
