import type { DeadLetterStatus } from '../src/domain/dead-letter/decide.ts'
import type { DeadLetterSource } from '../src/domain/dead-letter/events.ts'
import type { TenantId } from '../src/domain/ids.ts'
import { type DeadLetterRow, type DecisionRow, deadLettersTable, decisionsTable } from './dead-letter-tables.ts'
import type { ReadDb, SqlValue } from './projection.ts'

/** All of what is given must hold. Times are ISO 8601, of when the entry was recorded: `from` is included, `to` is not. */
export interface DeadLetterFilter {
  status?: DeadLetterStatus | undefined
  source?: DeadLetterSource | undefined
  pipeline?: string | undefined
  environment?: string | undefined
  partition?: string | undefined
  code?: string | undefined
  /** Part of the reason; capitals are as small letters. */
  text?: string | undefined
  assignee?: string | undefined
  run?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

const equal = ['status', 'source', 'pipeline', 'environment', 'partition', 'code', 'assignee'] as const

/** `hidden`: sources that the reader hears nothing of. */
export type DeadLetterScope = { tenant: TenantId; hidden: readonly DeadLetterSource[] }

const whereOf = ({ tenant, hidden }: DeadLetterScope, filter: DeadLetterFilter) => {
  const wanted: [string, ...SqlValue[]][] = [['tenant = ?', tenant]]
  for (const column of equal) {
    const value = filter[column]
    if (value !== undefined) wanted.push([`${column} = ?`, value])
  }
  const { text, run, from, to } = filter
  if (run !== undefined) wanted.push(['(run_id = ? or retry = ? or resolved_by = ?)', run, run, run])
  if (text !== undefined) wanted.push(['instr(lower(reason), lower(?)) > 0', text])
  if (from !== undefined) wanted.push(['recorded_at >= ?', from])
  if (to !== undefined) wanted.push(['recorded_at < ?', to])
  for (const source of hidden) wanted.push(['source <> ?', source])
  return { sql: wanted.map(([sql]) => sql).join(' and '), values: wanted.flatMap(([, ...values]) => values) }
}

/** Newest first, from before a position on. */
export const listDeadLetters = (
  db: ReadDb,
  scope: DeadLetterScope,
  filter: DeadLetterFilter,
  { before, limit }: { before: bigint | null; limit: number },
): DeadLetterRow[] => {
  const { sql, values } = whereOf(scope, filter)
  const [and, at] = before === null ? ['', []] : [' and position < ?', [before]]
  return db.all<DeadLetterRow>(
    `select * from ${deadLettersTable} where ${sql}${and} order by position desc limit ?`,
    ...[...values, ...at, limit],
  )
}

/** How many there are of each status, whichever status the filter names. */
export const deadLetterTotals = (
  db: ReadDb,
  scope: DeadLetterScope,
  { status: _, ...filter }: DeadLetterFilter,
): Record<DeadLetterStatus, number> => {
  const { sql, values } = whereOf(scope, filter)
  const rows = db.all<{ status: DeadLetterStatus; total: number }>(
    `select status, count(*) total from ${deadLettersTable} where ${sql} group by status`,
    ...values,
  )
  const totals = { open: 0, retrying: 0, resolved: 0, discarded: 0 }
  for (const { status, total } of rows) totals[status] = total
  return totals
}

/** Ids of those that are open, oldest first; `total` counts all that the filter lets through. */
export const openDeadLetters = (
  db: ReadDb,
  scope: DeadLetterScope,
  filter: DeadLetterFilter,
  limit: number,
): { entryIds: string[]; total: number } => {
  const { sql, values } = whereOf(scope, { ...filter, status: 'open' })
  const rows = db.all<{ entry_id: string }>(
    `select entry_id from ${deadLettersTable} where ${sql} order by position limit ?`,
    ...[...values, limit],
  )
  const counted = db.get<{ total: number }>(`select count(*) total from ${deadLettersTable} where ${sql}`, ...values)
  return { entryIds: rows.map(({ entry_id }) => entry_id), total: counted?.total ?? 0 }
}

export const deadLetterById = (
  db: ReadDb,
  { tenant, hidden }: DeadLetterScope,
  entryId: string,
): DeadLetterRow | undefined => {
  const sql = `select * from ${deadLettersTable} where tenant = ? and entry_id = ?`
  const row = db.get<DeadLetterRow>(sql, tenant, entryId)
  return row && hidden.includes(row.source) ? undefined : row
}

/** Oldest first. */
export const decisionsOf = (db: ReadDb, tenant: string, entryId: string): DecisionRow[] =>
  db.all<DecisionRow>(
    `select decision, at, actor, on_behalf_of, reason, detail, event_id from ${decisionsTable}
     where tenant = ? and entry_id = ? order by revision`,
    tenant,
    entryId,
  )
