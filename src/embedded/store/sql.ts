import Database from 'libsql'

/** Positions, revisions and times are integers below 2^53: they count events or milliseconds one by one. */
type Value = number | string | Buffer | null
export type Row = readonly unknown[]

export interface Statement {
  /** Answers how many rows it changed. */
  run(values: Value[]): number
  get(values: Value[]): Row | undefined
  all(values: Value[]): Row[]
}

export interface Connection {
  prepare(sql: string): Statement
  exec(sql: string): void
  close(): void
}

/** A row holds something no code of ours wrote there. */
export class UnreadableRow extends Error {}

export const connect = (file: string): Connection => {
  const database = new Database(file)
  return {
    prepare: (sql) => prepare(database, sql),
    exec: (sql) => {
      database.exec(sql)
    },
    close: () => {
      database.close()
    },
  }
}

/** Rows come as arrays in the order of the columns. */
const prepare = (database: Database.Database, sql: string): Statement => {
  const statement = database.prepare(sql)
  // A statement without columns has no raw mode.
  if (statement.columns().length > 0) statement.raw(true)
  return {
    run: (values) => statement.run(values).changes,
    get: (values) => {
      const row = statement.get(values)
      return row === undefined ? undefined : asRow(row)
    },
    all: (values) => statement.all(values).map(asRow),
  }
}

const asRow = (row: unknown): Row => {
  if (!Array.isArray(row)) throw new UnreadableRow('a row is not a list of columns')
  return row
}

export const integer = (value: unknown): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new UnreadableRow('a column is not an integer')
  return value
}

export const blob = (value: unknown): Buffer => {
  if (!Buffer.isBuffer(value)) throw new UnreadableRow('a column is not a blob')
  return value
}

/**
 * A column as the type that was written. Damage can make any value a text, and text that is not UTF-8 ends the process
 * within the binding; cast, it becomes a wrong value, which the checksum finds.
 */
export const asInteger = (expression: string): string => `CAST(${expression} AS INTEGER)`
export const asBlob = (expression: string): string => `CAST(${expression} AS BLOB)`

/** SQLite's error code, for example `SQLITE_BUSY`, or undefined when the error is not SQLite's. */
export const sqliteCode = (error: unknown): string | undefined =>
  error instanceof Database.SqliteError ? error.code : undefined
