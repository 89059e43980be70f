import { tmpdir } from 'node:os'
import { onTestFinished } from 'vitest'
import type { JsonObject } from '../../../../src/domain/json.ts'
import { influencesOf, type Origins } from '../../../../src/engines/local/column-lineage/origins.ts'
import { Trace } from '../../../../src/engines/local/column-lineage/trace.ts'
import { type Database, openDatabase } from '../../../../src/engines/local/database.ts'
import { jobOf, manifestOf, never } from '../support/bench.ts'

/** Small tables: of every kind of column, and of numbers alone. */
export const tables: Record<string, Record<string, string>> = {
  t: { a: 'INTEGER', b: 'INTEGER', c: 'VARCHAR', l: 'INTEGER[]', s: 'STRUCT(x INTEGER, y INTEGER)' },
  u: { a: 'INTEGER', d: 'INTEGER', e: 'VARCHAR', j: 'JSON' },
  n: { a: 'INTEGER', b: 'INTEGER', c: 'INTEGER' },
  m: { a: 'INTEGER', d: 'INTEGER', e: 'INTEGER' },
}

export interface Lineages {
  /** Of each column: `table.column INFLUENCE …`, and `unknown`. */
  columns: Record<string, string[]>
  rows: string[]
}

const shown = ({ inputs, isUnknown }: Origins): string[] => {
  const known = [...inputs].map(([key, bits]) => {
    const [table, column] = JSON.parse(key) as string[]
    return `${table}.${column} ${influencesOf(bits).join(' ')}`
  })
  return [...known.sort(), ...(isUnknown ? ['unknown'] : [])]
}

export const openTables = async (): Promise<Database> => {
  const folder = tmpdir()
  const database = await openDatabase({ files: [], folder, spill: folder, root: folder })
  onTestFinished(() => database.close())
  const list = (columns: Record<string, string>) => Object.entries(columns).map(([name, type]) => `"${name}" ${type}`)
  for (const [name, columns] of Object.entries(tables))
    await database.run(`CREATE TABLE ${name} (${list(columns).join(', ')})`, never)
  return database
}

interface Asked {
  specs?: object
  parameters?: JsonObject
  checks?: object[]
  /** The columns that the run is said to have, by table, where they are not those of the query. */
  told?: Record<string, string[]>
}

/** The lineage of the last of these queries, each of which sees the tables and those before it. */
export const lineageIn = async (
  database: Database,
  queries: Record<string, string>,
  { specs = {}, parameters = {}, checks = [], told = {} }: Asked = {},
): Promise<Lineages> => {
  const manifest = manifestOf({
    parameters: specs,
    sources: Object.fromEntries(Object.keys(tables).map((name) => [name, { type: 'csv', path: name }])),
    transformations: Object.entries(queries).map(([name, sql]) => ({ name, type: 'sql', sql })),
    quality_checks: checks,
    sinks: { out: { type: 'csv', from: Object.keys(queries).at(-1), path: 'out.csv' } },
  })
  const described = async (sql: string) => {
    const result = await database.run(`SELECT column_name, column_type FROM (DESCRIBE ${sql}\n)`, never)
    return (await result.getRows()).map(([name, type]) => ({ name: String(name), type: String(type) }))
  }
  const columnsOf = async (table: string) => {
    const columns = await described(`SELECT * FROM "${table}"`)
    return told[table]?.map((name) => ({ name, type: 'INTEGER' })) ?? columns
  }
  const trace = new Trace({ job: jobOf(manifest, { parameters }), open: () => database.beside(), columnsOf })
  for (const [name, sql] of Object.entries(queries)) {
    const written = (value: unknown) => `'${String(value).replaceAll("'", "''")}'`
    const bound = Object.entries(parameters).reduce(
      (text, [key, value]) => text.replaceAll(`$${key}`, written(value)),
      sql,
    )
    await database.run(`CREATE OR REPLACE VIEW "${name}" AS ${bound}`, never)
  }
  const { columns, rows } = await trace.of(Object.keys(queries).at(-1) ?? '', never)
  return {
    columns: Object.fromEntries(columns.map(({ name, origins }) => [name, shown(origins)])),
    rows: shown(rows),
  }
}

/** The same, in a database of its own. */
export const lineageOf = async (queries: Record<string, string> | string, asked: Asked = {}): Promise<Lineages> =>
  lineageIn(await openTables(), typeof queries === 'string' ? { q: queries } : queries, asked)
