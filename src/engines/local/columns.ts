import type { StageResult } from '../../app/ports/engine.ts'
import type { Column, SinkSchema } from '../../domain/run/drift.ts'
import { identifier } from './sql.ts'
import type { Tables } from './tables.ts'

/** Of one sink, as JSON. They are kept in an event; types that were inferred from JSON can be of any length. */
const columnsCharsMax = 65_536

/** The columns of a table as DuckDB describes them. */
export const columnsOf = async (table: string, tables: Tables, signal: AbortSignal): Promise<Column[]> => {
  const around = (query: string) => `SELECT column_name, column_type FROM (DESCRIBE ${query}\n)`
  const { result } = await tables.query(`SELECT * FROM ${identifier(table)}`, signal, { around })
  return (await result.getRows()).map(([name, type]) => ({ name: String(name), type: String(type) }))
}

/** What a stage tells of the sinks that it wrote: nothing of one whose columns take too much room. */
export const schemaOf = (sinks: readonly SinkSchema[]): Pick<StageResult, 'schema'> => {
  const schema = sinks.filter(({ columns }) => JSON.stringify(columns).length <= columnsCharsMax)
  return schema.length > 0 ? { schema } : {}
}
