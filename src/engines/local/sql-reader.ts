import { tmpdir } from 'node:os'
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { StageError } from '../../app/ports/engine.ts'
import type { Refused, SqlReader } from '../../app/ports/validation.ts'
import type { ParameterSpec } from '../../domain/pipeline/manifest.ts'
import { type Bindings, openDatabase } from './database.ts'
import { typeOfParameter } from './parameters.ts'
import { readSelect } from './select.ts'
import { identifier } from './sql.ts'

/** Of one query: to read it takes milliseconds. */
const queryTimeoutMs = 5_000

/** DuckDB as a reader of SQL: it binds queries to empty tables, and reaches no file. */
export const openSqlReader = async (): Promise<SqlReader> => {
  // Nothing is written: views of no rows need no room.
  const folder = tmpdir()
  const database = await openDatabase({ files: [], folder, spill: folder, root: folder })
  const signal = () => AbortSignal.timeout(queryTimeoutMs)
  return {
    read: (sql) =>
      readSelect(database, sql, signal()).then(
        ({ tables, parameters }) => ({ tables, parameters }),
        (error: unknown) => refusal(error, 'syntax'),
      ),
    define: async (table, columns) => {
      const list = columns.map(({ name, type }) => `NULL${type === null ? '' : `::${type}`} AS ${identifier(name)}`)
      const view = `CREATE OR REPLACE TEMP VIEW ${identifier(table)} AS SELECT ${list.join(', ')} WHERE false`
      await database.run(view, signal())
    },
    describe: async (sql, parameters) => {
      try {
        const text = sql.replace(/[\s;]+$/, '')
        const query = `SELECT column_name, column_type FROM (DESCRIBE ${text}\n)`
        const rows = await (await database.run(query, signal(), bindingsOf(parameters))).getRows()
        return { columns: rows.map(([name, type]) => ({ name: String(name), type: String(type) })) }
      } catch (error) {
        return refusal(error, 'other')
      }
    },
    close: () => database.close(),
  }
}

const columnMissing =
  /^Binder Error: (Referenced column |Values list .* does not have a column|Table .* does not have a column)/

const refusal = (error: unknown, because: Refused['because']): Refused => {
  if (!(error instanceof StageError)) throw error
  const refused = error.message
  if (because === 'other' && columnMissing.test(refused)) return { refused, because: 'column' }
  return { refused, because: because === 'syntax' && !refused.startsWith('Parser Error') ? 'other' : because }
}

const examples: Record<ParameterSpec['type'], DuckDBValue> = { string: '', integer: 0n, number: 0, boolean: false }

const bindingsOf = (parameters: Readonly<Record<string, ParameterSpec['type']>>): Bindings => {
  const entries = Object.entries(parameters)
  const values = Object.fromEntries(entries.map(([name, type]): [string, DuckDBValue] => [name, examples[type]]))
  const types = Object.fromEntries(entries.map(([name, type]): [string, DuckDBType] => [name, typeOfParameter[type]]))
  return { values, types }
}
