import type { AlertKind } from '../src/domain/alert/ids.ts'
import { type AlertRow, type AlertState, alertsTable } from './alerts.ts'
import type { ReadDb, SqlValue } from './projection.ts'

export interface AlertFilter {
  kind?: AlertKind
  state?: AlertState
  pipeline?: string
  /** ISO times: raised then or later, and before. */
  from?: string
  to?: string
}

export const alertById = (db: ReadDb, tenant: string, alertId: string): AlertRow | undefined =>
  db.get<AlertRow>(`select * from ${alertsTable} where tenant = ? and alert_id = ?`, tenant, alertId)

/** Newest first; only those that were raised before the position `below`. */
export const listAlerts = (
  db: ReadDb,
  tenant: string,
  { kind, state, pipeline, from, to }: AlertFilter,
  { below, limit }: { below: number | null; limit: number },
): AlertRow[] => {
  const conditions: [string, SqlValue | undefined | null][] = [
    ['tenant = ?', tenant],
    ['kind = ?', kind],
    ['state = ?', state],
    ['pipeline = ?', pipeline],
    ['raised_at >= ?', from],
    ['raised_at < ?', to],
    ['position < ?', below],
  ]
  const given = conditions.flatMap(([sql, value]) => (value === undefined || value === null ? [] : [{ sql, value }]))
  return db.all<AlertRow>(
    `select * from ${alertsTable} where ${given.map(({ sql }) => sql).join(' and ')} order by position desc limit ?`,
    ...given.map(({ value }) => value),
    limit,
  )
}
