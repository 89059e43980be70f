import type { LedgerEvent } from '../src/app/ports/ledger.ts'
import type { EventOf, EventType } from '../src/domain/events.ts'

export type SqlValue = string | number | bigint | null

/** One SQL statement with its parameters. */
export type Statement = readonly [sql: string, ...parameters: SqlValue[]]

/** An event whose type is known, with what the ledger says of it. */
export type Seen<Type extends EventType = EventType> = Omit<LedgerEvent, 'event'> & { event: EventOf<Type> }

/**
 * One view: its tables, and for each event type the statements that it means. Handlers are pure: the same events give
 * the same rows, byte for byte. Table names end in `_v<version>`; a changed view gets a new version, is built beside
 * the old one, and the old tables are dropped when it has caught up.
 */
export interface View {
  name: string
  version: number
  /** Names of the view's tables. */
  tables: readonly string[]
  /** CREATE statements, each with IF NOT EXISTS. */
  schema: readonly string[]
  handlers: { [Type in EventType]?: (seen: Seen<Type>) => readonly Statement[] }
}

/** The statements that an event means for a view; none for a type that it does not know. */
export const statementsFor = (view: View, seen: LedgerEvent): readonly Statement[] => {
  if (!seen.event) return []
  // The table of handlers pairs each type with its events; TypeScript cannot follow the pairing through the union.
  const handler = view.handlers[seen.event.type] as ((seen: Seen) => readonly Statement[]) | undefined
  return handler ? handler({ ...seen, event: seen.event }) : []
}

/** `update <table> set … where <key>`; both objects are column: value. */
export const update = (table: string, key: Record<string, SqlValue>, changes: Record<string, SqlValue>): Statement => {
  const set = Object.keys(changes).map((column) => `${column} = ?`)
  const where = Object.keys(key).map((column) => `${column} = ?`)
  const sql = `update ${table} set ${set.join(', ')} where ${where.join(' and ')}`
  return [sql, ...Object.values(changes), ...Object.values(key)]
}

/** `insert or replace into <table> …`; the object is column: value. */
export const put = (table: string, row: Record<string, SqlValue>): Statement => {
  const columns = Object.keys(row)
  const sql = `insert or replace into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`
  return [sql, ...Object.values(row)]
}

/** What a query may do: read. */
export interface ReadDb {
  all<Row>(sql: string, ...parameters: SqlValue[]): Row[]
  get<Row>(sql: string, ...parameters: SqlValue[]): Row | undefined
}
