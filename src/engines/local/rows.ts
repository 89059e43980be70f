import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
  VARCHAR,
} from '@duckdb/node-api'
import type { SinkSchema } from '../../domain/run/drift.ts'
import type { Database } from './database.ts'
import { checkSignal, failed } from './errors.ts'
import { copyTo, identifier, literal } from './sql.ts'
import type { Row } from './step.ts'

/** What one chunk of DuckDB holds. */
const chunkRows = 2048
/** After so many rows, some milliseconds of work, the event loop gets its turn. */
const rowsPerTurn = 4 * chunkRows

interface Column {
  name: string
  type: DuckDBType
}

/** Writes rows as Parquet: columns in the order of the first row's keys, whole numbers as BIGINT. Answers the columns. */
export const writeRows = async (
  database: Database,
  rows: Row[],
  path: string,
  signal: AbortSignal,
): Promise<SinkSchema['columns']> => {
  const columns = await columnsOf(rows)
  const definitions = columns.map(({ name, type }) => `${identifier(name)} ${type}`)
  await database.use(signal, async (connection) => {
    await connection.run(`CREATE OR REPLACE TABLE step_rows (${definitions.join(', ')})`)
    await append(connection, columns, rows, signal)
    await connection.run(copyTo('FROM step_rows', 'parquet', path))
    await connection.run('DROP TABLE step_rows')
  })
  return columns.map(({ name, type }) => ({ name, type: String(type) }))
}

const append = async (connection: DuckDBConnection, columns: Column[], rows: Row[], signal: AbortSignal) => {
  const appender = await connection.createAppender('step_rows')
  try {
    const types = columns.map(({ type }) => type)
    for (let start = 0; start < rows.length; start += chunkRows) {
      if (start % rowsPerTurn === 0) await nextTurn()
      checkSignal(signal)
      const part = rows.slice(start, start + chunkRows)
      const chunk = DuckDBDataChunk.create(types, part.length)
      chunk.setColumns(columns.map(({ name, type }) => part.map((row) => toDuckDb(row[name] ?? null, type))))
      appender.appendDataChunk(chunk)
    }
  } finally {
    appender.closeSync()
  }
}

const toDuckDb = (value: Row[string], type: DuckDBType): DuckDBValue =>
  type === BIGINT && typeof value === 'number' ? BigInt(value) : value

const columnsOf = async (rows: Row[]): Promise<Column[]> => {
  const [first] = rows
  if (first === undefined) throw failed('A table without rows has no columns, so it cannot be written')
  const kinds = new Map(Object.keys(first).map((name) => [name, new Set<string>()]))
  for (const [index, row] of rows.entries()) {
    if (index % rowsPerTurn === 0) await nextTurn()
    for (const [name, value] of Object.entries(row)) {
      const seen = kinds.get(name)
      if (seen === undefined) throw failed(`Column '${name}' is not in the first row of its table`)
      if (value !== null) seen.add(kindOf(value))
    }
  }
  return [...kinds].map(([name, seen]) => ({ name, type: typeOf(name, seen) }))
}

const kindOf = (value: string | number | boolean): string => {
  if (typeof value !== 'number') return typeof value
  return Number.isSafeInteger(value) ? 'integer' : 'number'
}

const typeOf = (name: string, kinds: ReadonlySet<string>): DuckDBType => {
  const [kind = 'string', ...others] = [...kinds].sort()
  if (others.length === 0) {
    if (kind === 'integer') return BIGINT
    if (kind === 'number') return DOUBLE
    return kind === 'boolean' ? BOOLEAN : VARCHAR
  }
  if (kind === 'integer' && others.join() === 'number') return DOUBLE
  throw failed(`Column '${name}' mixes ${[...kinds].sort().join(' and ')}`)
}

/** Reads a Parquet file. A whole number that a double cannot hold, a date and any other type come as text. */
export const readRows = (database: Database, path: string, signal: AbortSignal): Promise<Row[]> =>
  database.use(signal, async (connection) => {
    const result = await connection.stream(`SELECT * FROM read_parquet(${literal(path)}, hive_partitioning = false)`)
    const names = result.deduplicatedColumnNames()
    const rows: Row[] = []
    for await (const chunk of result)
      for (const values of chunk.getRows())
        rows.push(Object.fromEntries(names.map((name, index) => [name, fromDuckDb(values[index] ?? null)])))
    return rows
  })

const fromDuckDb = (value: DuckDBValue): Row[string] => {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  const number = typeof value === 'bigint' ? Number(value) : Number.NaN
  return Number.isSafeInteger(number) ? number : String(value)
}
