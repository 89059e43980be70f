import type { ReadDb, SqlValue } from './projection.ts'
import { type DeliveryRow, deliveriesTable } from './webhooks.ts'

interface Page {
  limit: number
  offset: number
}

/** Newest first. */
export const deliveriesOf = (
  db: ReadDb,
  tenant: string,
  webhookId: string,
  status: DeliveryRow['status'] | undefined,
  { limit, offset }: Page,
): DeliveryRow[] =>
  db.all<DeliveryRow>(
    `select * from ${deliveriesTable} where tenant = ? and webhook_id = ? and (? is null or status = ?)
     order by created_at desc, delivery_id desc limit ? offset ?`,
    tenant,
    webhookId,
    status ?? null,
    status ?? null,
    limit,
    offset,
  )

interface DeadFilter {
  webhookId?: string
  pipeline?: string
}

/** What was given up, the last one first. */
export const deadLetters = (
  db: ReadDb,
  tenant: string,
  { webhookId, pipeline }: DeadFilter,
  { limit, offset }: Page,
): { rows: DeliveryRow[]; total: number } => {
  const wanted: [string, SqlValue][] = [['tenant = ?', tenant]]
  if (webhookId !== undefined) wanted.push(['webhook_id = ?', webhookId])
  if (pipeline !== undefined) wanted.push([`json_extract(body, '$.pipeline') = ?`, pipeline])
  const where = [...wanted.map(([sql]) => sql), `status = 'exhausted'`].join(' and ')
  const values = wanted.map(([, value]) => value)
  const counted = db.get<{ total: number }>(`select count(*) total from ${deliveriesTable} where ${where}`, ...values)
  const rows = db.all<DeliveryRow>(
    `select * from ${deliveriesTable} where ${where} order by settled_position desc limit ? offset ?`,
    ...values,
    limit,
    offset,
  )
  return { rows, total: counted?.total ?? 0 }
}

/** Since a time (ISO), that moment with it, or after a position of the ledger. */
export type Since = { time: string } | { position: bigint }

export interface Settled {
  delivery_id: string
  position: number
}

const among = (withDelivered: boolean): string =>
  withDelivered ? `status in ('exhausted', 'delivered')` : `status = 'exhausted'`

/** Messages that were scheduled since then and are settled, in the order of the ledger. */
export const settledSince = (
  db: ReadDb,
  { tenant, webhookId, withDelivered }: { tenant: string; webhookId: string; withDelivered: boolean },
  since: Since,
  limit: number,
): Settled[] =>
  db.all<Settled>(
    `select delivery_id, position from ${deliveriesTable} where tenant = ? and webhook_id = ? and ${among(withDelivered)}
     and ${'time' in since ? 'created_at >= ?' : 'position > ?'} order by position limit ?`,
    tenant,
    webhookId,
    'time' in since ? since.time : since.position,
    limit,
  )

/** Those between two positions (in decimal), both with them, that were settled before a third. */
export const settledBetween = (
  db: ReadDb,
  { tenant, webhookId, withDelivered }: { tenant: string; webhookId: string; withDelivered: boolean },
  { first, last, before }: { first: string; last: string; before: bigint },
): Settled[] =>
  db.all<Settled>(
    `select delivery_id, position from ${deliveriesTable} where tenant = ? and webhook_id = ? and ${among(withDelivered)}
     and position between ? and ? and settled_position < ? order by position`,
    tenant,
    webhookId,
    BigInt(first),
    BigInt(last),
    before,
  )
