import type { WebhookWork } from '../src/app/ports/webhooks.ts'
import { must, parseRunId, parseTenantId } from '../src/domain/ids.ts'
import type { WebhookEventName } from '../src/domain/webhook/events.ts'
import type { ReadDb } from './projection.ts'
import { runsTable } from './run-tables.ts'
import { sinkSchemasTable } from './sink-schemas.ts'
import { type DeliveryRow, deliveriesByRun, deliveriesTable, webhooksTable } from './webhooks.ts'

const countMax = 1_000

const eventOf = `case r.status when 'succeeded' then 'SUCCESS' when 'failed' then 'FAILURE' when 'rejected' then 'FAILURE'
  when 'canceled' then 'CANCELED' end`

/** `event` and `pipeline` are SQL expressions. */
const wants = (event: string, pipeline: string): string => `w.status = 'enabled'
  and exists (select 1 from json_each(w.events) where value = ${event})
  and (w.pipelines is null or exists (select 1 from json_each(w.pipelines) where value = ${pipeline}))`

interface Unannounced {
  tenant: string
  run_id: string
  webhook_id: string
  event: WebhookEventName
  sink: string | null
}

/** SQLite would rather go through all deliveries of the tenant. */
const told = `${deliveriesTable} d indexed by ${deliveriesByRun}`

/** Each takes a time (ISO) and the most rows. */
const unannounced = [
  `select r.tenant, r.run_id, w.webhook_id, ${eventOf} event, null sink from ${webhooksTable} w
   join ${runsTable} r on r.tenant = w.tenant and r.ended_at >= w.created_at and r.ended_at >= ?
   where ${wants(eventOf, 'r.pipeline')} and not exists (select 1 from ${told}
     where d.tenant = r.tenant and d.webhook_id = w.webhook_id and d.run_id = r.run_id
       and json_extract(d.body, '$.status') <> 'DRIFT') limit ?`,
  `select s.tenant, s.run_id, w.webhook_id, 'DRIFT' event, s.sink from ${webhooksTable} w
   join ${sinkSchemasTable} s on s.tenant = w.tenant and s.drifted_at >= w.created_at and s.drifted_at >= ?
   join ${runsTable} r on r.tenant = s.tenant and r.run_id = s.run_id
   where ${wants("'DRIFT'", 'r.pipeline')} and not exists (select 1 from ${told}
     where d.tenant = s.tenant and d.webhook_id = w.webhook_id and d.run_id = s.run_id
       and json_extract(d.body, '$.drift.sink') = s.sink) limit ?`,
]

/** What is due to webhooks, as the views know it. */
export const webhookWork = (views: ReadDb): WebhookWork => ({
  wanting: (tenant, event, pipeline) =>
    views
      .all<{ webhook_id: string }>(
        `select w.webhook_id from ${webhooksTable} w where w.tenant = ? and ${wants('?', '?')} order by w.webhook_id`,
        tenant,
        event,
        pipeline,
      )
      .map(({ webhook_id }) => webhook_id),
  unannounced: (since) =>
    unannounced
      .flatMap((sql) => views.all<Unannounced>(sql, since, countMax))
      .map(({ tenant, run_id, webhook_id, event, sink }) => ({
        tenant: must(parseTenantId(tenant), 'tenant'),
        runId: must(parseRunId(run_id), 'run id'),
        webhookId: webhook_id,
        event,
        sink,
      })),
  dueDeliveries: (by) =>
    views
      .all<DeliveryRow>(
        `select * from ${deliveriesTable} where next_at is not null and next_at <= ? order by next_at limit ?`,
        by,
        countMax,
      )
      .map(({ tenant, delivery_id, webhook_id, next_at }) => ({
        tenant: must(parseTenantId(tenant), 'tenant'),
        deliveryId: delivery_id,
        webhookId: webhook_id,
        nextAt: next_at ?? by,
      })),
})
