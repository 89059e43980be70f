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

/** Rows and keys are column: value. */
type Columns<Row> = { [Column in keyof Row]: SqlValue }

/** `update <table> set … where <key>`. */
export const update = <Key extends Columns<Key>, Changes extends Columns<Changes>>(
  table: string,
  key: Key,
  changes: Changes,
): Statement => {
  const sql = updates.sqlOf(table, Object.keys(changes), Object.keys(key))
  return [sql, ...Object.values<SqlValue>(changes), ...Object.values<SqlValue>(key)]
}

/** `insert or replace into <table> …`. */
export const put = <Row extends Columns<Row>>(table: string, row: Row): Statement => [
  puts.sqlOf(table, Object.keys(row)),
  ...Object.values<SqlValue>(row),
]

/** What a query may do: read. */
export interface ReadDb {
  all<Row>(sql: string, ...parameters: SqlValue[]): Row[]
  get<Row>(sql: string, ...parameters: SqlValue[]): Row | undefined
}

interface Written {
  columns: readonly string[]
  keyColumns: readonly string[]
  sql: string
}

/** SQL by the columns that it names, written once: a rebuild asks for the same few millions of times. */
class SqlByColumns {
  private readonly write: (table: string, columns: readonly string[], keyColumns: readonly string[]) => string
  private readonly written = new Map<string, Written[]>()

  constructor(write: SqlByColumns['write']) {
    this.write = write
  }

  sqlOf(table: string, columns: readonly string[], keyColumns: readonly string[] = []): string {
    const known = this.written.get(table) ?? []
    const same = known.find((each) => areSame(each.columns, columns) && areSame(each.keyColumns, keyColumns))
    if (same) return same.sql
    const sql = this.write(table, columns, keyColumns)
    this.written.set(table, [...known, { columns, keyColumns, sql }])
    return sql
  }
}

const areSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((each, index) => each === others[index])

const equals = (columns: readonly string[], separator: string): string =>
  columns.map((column) => `${column} = ?`).join(separator)

const updates = new SqlByColumns(
  (table, columns, keyColumns) => `update ${table} set ${equals(columns, ', ')} where ${equals(keyColumns, ' and ')}`,
)

const puts = new SqlByColumns((table, columns) => {
  const values = columns.map(() => '?').join(', ')
  return `insert or replace into ${table} (${columns.join(', ')}) values (${values})`
})
