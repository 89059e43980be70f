import { type EngineJob, StageError } from '../../../app/ports/engine.ts'
import { isRejecting, type RowCheck } from '../../../domain/pipeline/manifest.ts'
import type { Column as Described } from '../../../domain/run/drift.ts'
import type { Database } from '../database.ts'
import { bind } from '../parameters.ts'
import { readSelect, type Select } from '../select.ts'
import { identifier } from '../sql.ts'
import { boundPlan } from './bound-plan.ts'
import { relationOf } from './operators.ts'
import { inputKey, nothing, type Origins, originOf, together, unknown } from './origins.ts'
import { Unclear } from './plan.ts'
import { originsIn, type Relation } from './relation.ts'

/** Where the columns of a table come from, in its order, and what decides on its rows. */
export interface Traced {
  columns: { name: string; origins: Origins }[]
  rows: Origins
}

interface TraceOptions {
  job: EngineJob
  /** Opens one in which nothing else has tables: they are mirrored there, empty, for DuckDB to bind queries to. */
  open(): Promise<Database>
  /** What a source or transformation has, in the run. */
  columnsOf(table: string, signal: AbortSignal): Promise<Described[]>
}

/** The column lineage of a run's tables, read from its SQL as DuckDB binds it; each table is looked at once. */
export class Trace {
  readonly #options: TraceOptions
  readonly #traced = new Map<string, Traced>()
  readonly #selects = new Map<string, Select>()
  readonly #underWay = new Set<string>()
  #database: Promise<Database> | undefined

  constructor(options: TraceOptions) {
    this.#options = options
  }

  /** What is not understood is unknown, and said to be. Rejects where the table cannot be read, or with CANCELED. */
  async of(table: string, signal: AbortSignal): Promise<Traced> {
    const key = table.toLowerCase()
    const known = this.#traced.get(key)
    if (known !== undefined) return known
    if (this.#underWay.has(key)) throw new Unclear(`'${table}' comes from itself`)
    this.#underWay.add(key)
    try {
      const columns = await this.#options.columnsOf(table, signal)
      const traced = await this.#trace(table, columns, signal).catch((error: unknown) => {
        if (error instanceof StageError && error.code === 'CANCELED') throw error
        return untraced(columns)
      })
      this.#traced.set(key, traced)
      return traced
    } finally {
      this.#underWay.delete(key)
    }
  }

  async #trace(table: string, columns: readonly Described[], signal: AbortSignal): Promise<Traced> {
    await this.#mirror(table, columns, signal)
    const { relation, names } = await this.#made(table, columns, signal)
    const relations = new Map([[table.toLowerCase(), relation]])
    const rows = [relation.rows]
    for (const check of this.#checksOf(table)) {
      const kept = `SELECT * FROM ${identifier(table)} WHERE ${conditionOf(check)}`
      rows.push((await this.#query(kept, relations, signal)).rows)
    }
    agree(columns, names)
    const origins = originsIn(relation)
    return {
      columns: columns.map(({ name }, at) => ({ name, origins: origins[at] ?? unknown })),
      rows: together(rows),
    }
  }

  async #made(
    table: string,
    columns: readonly Described[],
    signal: AbortSignal,
  ): Promise<{ relation: Relation; names: string[] }> {
    const { sources, transformations } = this.#options.job.manifest
    const isIt = (name: string) => name.toLowerCase() === table.toLowerCase()
    const source = Object.entries(sources).find(([name]) => isIt(name))?.[1]
    if (source !== undefined) {
      const own = columns.map(({ name }) => ({ origins: originOf(inputKey(source.path, name)), binding: null }))
      return { relation: { columns: own, rows: nothing }, names: columns.map(({ name }) => name) }
    }
    const step = transformations.find(({ name }) => isIt(name))
    if (step?.type !== 'sql') throw new Unclear(`'${table}' is not made by SQL`)
    const relation = await this.#query(step.sql, new Map(), signal)
    return { relation, names: relation.columns.length === columns.length ? await this.#describe(step.sql, signal) : [] }
  }

  /** `own` are tables that are not traced yet. */
  async #query(sql: string, own: ReadonlyMap<string, Relation>, signal: AbortSignal): Promise<Relation> {
    const { job } = this.#options
    const database = await this.#open()
    const select = await this.#select(sql, signal)
    const relations = new Map(own)
    for (const table of select.tables) {
      const key = table.toLowerCase()
      if (!relations.has(key)) relations.set(key, relationFrom(await this.of(table, signal)))
    }
    const plan = await boundPlan(database, select, bind(select.parameters, job), signal)
    const table = (name: string): Relation => {
      const found = relations.get(name.toLowerCase())
      if (found === undefined) throw new Unclear(`there is no table '${name}'`)
      return found
    }
    return relationOf(plan, { table, outer: null, ctes: new Map() })
  }

  async #describe(sql: string, signal: AbortSignal): Promise<string[]> {
    const { job } = this.#options
    const database = await this.#open()
    const { sql: text, parameters } = await this.#select(sql, signal)
    const query = `SELECT column_name FROM (DESCRIBE ${text}\n)`
    return (await (await database.run(query, signal, bind(parameters, job))).getRows()).map(([name]) => String(name))
  }

  async #mirror(table: string, columns: readonly Described[], signal: AbortSignal): Promise<void> {
    const list = columns.map(({ name, type }) => `${identifier(name)} ${type}`).join(', ')
    await (await this.#open()).run(`CREATE OR REPLACE TEMP TABLE ${identifier(table)} (${list})`, signal)
  }

  async #select(sql: string, signal: AbortSignal): Promise<Select> {
    const select = this.#selects.get(sql) ?? (await readSelect(await this.#open(), sql, signal))
    this.#selects.set(sql, select)
    return select
  }

  #open(): Promise<Database> {
    this.#database ??= this.#options.open()
    return this.#database
  }

  #checksOf(table: string): RowCheck[] {
    const { quality_checks } = this.#options.job.manifest
    return quality_checks.filter(isRejecting).filter(({ on }) => on.toLowerCase() === table.toLowerCase())
  }
}

/** Of which nothing is known but its columns. */
const untraced = (columns: readonly { name: string }[]): Traced => ({
  columns: columns.map(({ name }) => ({ name, origins: unknown })),
  rows: unknown,
})

const relationFrom = ({ columns, rows }: Traced): Relation => ({
  columns: columns.map(({ origins }) => ({ origins, binding: null })),
  rows,
})

/** Rows that fail are taken out of the table: what is looked at decides which are left. */
const conditionOf = (check: RowCheck): string =>
  check.type === 'expression' ? `(${check.sql}\n)` : `${identifier(check.column)} IS NOT NULL`

/**
 * What was bound here has to have the columns that the run's table has. A file has no two columns of one name: DuckDB
 * numbers the later ones.
 */
const agree = (columns: readonly Described[], names: readonly string[]): void => {
  const isSame = (name: string, other: string) =>
    name === other || (name.startsWith(`${other}_`) && /^(_\d+)+$/.test(name.slice(other.length)))
  const fits = columns.length === names.length && columns.every(({ name }, at) => isSame(name, names[at] ?? ''))
  if (!fits) throw new Unclear('the columns are not those of the run')
}
