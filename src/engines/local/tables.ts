import { basename, dirname } from 'node:path'
import type { DuckDBMaterializedResult, DuckDBValue } from '@duckdb/node-api'
import {
  type FileFormat,
  type FileSource,
  isRejecting,
  type RowCheck,
  type Transformation,
} from '../../domain/pipeline/manifest.ts'
import { columnsOf } from './columns.ts'
import type { Database } from './database.ts'
import { failed } from './errors.ts'
import { writeDurably } from './files.ts'
import { bind } from './parameters.ts'
import { rejectRows, type Verdict, verdictsOf } from './rejecting.ts'
import { readSelect, type Select } from './select.ts'
import { type CopyFormat, copyTo, identifier, scanOf } from './sql.ts'
import { sizeOf, workFile } from './staging.ts'
import type { Workspace } from './workspace.ts'

type SqlTransformation = Extract<Transformation, { type: 'sql' }>

/** `order` is 0 for a source and grows with the transformations: each sees what is before it. */
type Table = { name: string; order: number } & ({ source: FileSource } | { transformation: SqlTransformation })

interface TablesOptions {
  workspace: Workspace
  database: Database
  /** The absolute path of a source's file. Throws why it cannot be read. */
  sourcePath(name: string): string
}

/** Of what a query may see, where nothing else is said. */
const all = (_: Table): boolean => true

export interface Copied {
  rows: number
  bytesRead: number
}

/** What a run's SQL sees by name: sources and transformations, made visible when a query first names them. */
export class Tables {
  readonly #options: TablesOptions
  readonly #tables: Map<string, Table>
  readonly #selects = new Map<string, Select>()
  /** Bytes of the file behind each table that the connection knows. */
  readonly #shown = new Map<string, number>()

  constructor(options: TablesOptions) {
    this.#options = options
    const { sources, transformations } = options.workspace.job.manifest
    const tables = [
      ...Object.entries(sources).map(([name, source]): Table => ({ name, order: 0, source })),
      ...transformations.flatMap((transformation, index): Table[] =>
        transformation.type === 'sql' ? [{ name: transformation.name, order: index + 1, transformation }] : [],
      ),
    ]
    this.#tables = new Map(tables.map((table) => [table.name.toLowerCase(), table]))
  }

  /** Runs a query of the engine's or the manifest's over the tables that it may see. */
  async query(
    sql: string,
    signal: AbortSignal,
    { sees = all, around = (query: string) => query } = {},
  ): Promise<{ result: DuckDBMaterializedResult; bytesRead: number }> {
    const { database, workspace } = this.#options
    const { select, bytesRead } = await this.#prepare(sql, sees, signal)
    const result = await database.run(around(select.sql), signal, bind(select.parameters, workspace.job))
    return { result, bytesRead }
  }

  /** The values of a query's one column, chunk by chunk; it is one of the engine's, without parameters. */
  async stream(sql: string, signal: AbortSignal, work: (values: DuckDBValue[]) => Promise<void>): Promise<void> {
    const { select } = await this.#prepare(sql, all, signal)
    await this.#options.database.use(signal, async (connection) => {
      for await (const chunk of await connection.stream(select.sql)) await work(chunk.getColumnValues(0))
    })
  }

  /** Writes a query's rows to a file. */
  async copy(sql: string, format: CopyFormat, path: string, signal: AbortSignal, sees = all): Promise<Copied> {
    const around = (query: string) => copyTo(query, format, path)
    const { result, bytesRead } = await this.query(sql, signal, { sees, around })
    return { rows: result.rowsChanged, bytesRead }
  }

  /** Computes a transformation's table anew. */
  async materialise(name: string, signal: AbortSignal): Promise<Copied & { bytesWritten: number }> {
    const table = this.#named(name)
    if (!('transformation' in table)) throw failed(`'${name}' is a source, not a transformation`)
    return this.#keep(table, table.transformation.sql, ({ order }) => order < table.order, signal)
  }

  /** What a check has turned away of its table, which lacks those rows for everyone. */
  async verdict(check: RowCheck, signal: AbortSignal): Promise<Verdict & { bytesRead: number }> {
    const table = this.#named(check.on)
    const bytesRead = await this.#show(table, signal)
    const verdict = (await verdictsOf(this.#options.workspace, table.name))?.get(check.name)
    if (verdict === undefined) throw failed(`What '${check.name}' has rejected is gone`)
    return { ...verdict, bytesRead }
  }

  /** The paths of the sources that flow into a table, sorted. */
  async sourcesOf(name: string, signal: AbortSignal): Promise<string[]> {
    const names = new Set([name.toLowerCase()])
    const paths = new Set<string>()
    // A Set's loop also visits what is added on the way.
    for (const next of names) {
      const table = this.#named(next)
      if ('source' in table) paths.add(table.source.path)
      else {
        const { tables } = await this.#select(table.transformation.sql, signal)
        for (const inner of tables) names.add(inner.toLowerCase())
      }
    }
    return [...paths].sort()
  }

  async #prepare(sql: string, sees: typeof all, signal: AbortSignal) {
    const select = await this.#select(sql, signal)
    let bytesRead = 0
    for (const name of select.tables) bytesRead += await this.#show(this.#named(name, sees), signal)
    return { select, bytesRead }
  }

  #named(name: string, sees = all): Table {
    const table = this.#tables.get(name.toLowerCase())
    if (table !== undefined && sees(table)) return table
    const visible = [...this.#tables.values()].filter(sees).map((other) => other.name)
    throw failed(`There is no table '${name}' here; there is: ${visible.join(', ') || 'none'}`)
  }

  async #select(sql: string, signal: AbortSignal): Promise<Select> {
    const select = this.#selects.get(sql) ?? (await readSelect(this.#options.database, sql, signal))
    this.#selects.set(sql, select)
    return select
  }

  async #show(table: Table, signal: AbortSignal): Promise<number> {
    const bytes = this.#shown.get(table.name)
    if (bytes !== undefined) return bytes
    const { workspace, sourcePath } = this.#options
    const rejects = this.#rejecting(table).length > 0
    const path = workFile(workspace, table.name)
    if ('source' in table) {
      if (!rejects) return this.#view(table.name, table.source.type, sourcePath(table.name), signal)
      // What no completed stage has read is read anew.
      const isUsed = workspace.job.completedStages.length > 0
      if (!(isUsed && (await this.#isKept(table)))) {
        await this.#view(table.name, table.source.type, sourcePath(table.name), signal)
        const itself = (other: Table) => other === table
        return (await this.#keep(table, `SELECT * FROM ${identifier(table.name)}`, itself, signal)).bytesWritten
      }
    } else if (!(await this.#isKept(table))) {
      // A completed stage whose table is gone.
      return (await this.materialise(table.name, signal)).bytesWritten
    }
    return this.#view(table.name, 'parquet', path, signal)
  }

  async #isKept(table: Table): Promise<boolean> {
    const { workspace } = this.#options
    if ((await sizeOf(workFile(workspace, table.name))) === null) return false
    return this.#rejecting(table).length === 0 || (await verdictsOf(workspace, table.name)) !== null
  }

  /** Keeps a query's rows in the staging folder as a table, but for those that its checks turn away. */
  async #keep(
    table: Table,
    sql: string,
    sees: (other: Table) => boolean,
    signal: AbortSignal,
  ): Promise<Copied & { bytesWritten: number }> {
    const path = workFile(this.#options.workspace, table.name)
    let copied: Copied = { rows: 0, bytesRead: 0 }
    const write = async (temporary: string) => {
      const { rows, bytesRead } = await this.copy(sql, 'parquet', temporary, signal, sees)
      copied = { rows: rows - (await this.#reject(table, temporary, signal)), bytesRead }
    }
    await writeDurably(dirname(path), () => basename(path), write)
    return { ...copied, bytesWritten: await this.#view(table.name, 'parquet', path, signal) }
  }

  async #reject(table: Table, path: string, signal: AbortSignal): Promise<number> {
    const checks = this.#rejecting(table)
    if (checks.length === 0) return 0
    // Of two sources whose checks reject, neither may depend on which is read first.
    const isWhole = (other: Table) => 'source' in other && this.#rejecting(other).length === 0
    const sees = (other: Table) => other === table || ('source' in table ? isWhole(other) : other.order < table.order)
    const { workspace } = this.#options
    return rejectRows(
      {
        workspace,
        table: table.name,
        checks,
        view: (file) => this.#view(table.name, 'parquet', file, signal),
        columns: async () => (await columnsOf(table.name, this, signal)).map(({ name }) => name),
        copy: async (sql, format, file) => (await this.copy(sql, format, file, signal, sees)).rows,
        count: async (sql) => Number((await (await this.query(sql, signal, { sees })).result.getRows())[0]?.[0]),
      },
      path,
    )
  }

  #rejecting(table: Table): RowCheck[] {
    const { quality_checks } = this.#options.workspace.job.manifest
    return quality_checks.filter(isRejecting).filter(({ on }) => on.toLowerCase() === table.name.toLowerCase())
  }

  async #view(name: string, format: FileFormat, path: string, signal: AbortSignal): Promise<number> {
    const scan = `CREATE OR REPLACE TEMP VIEW ${identifier(name)} AS SELECT * FROM ${scanOf(format, path)}`
    await this.#options.database.run(scan, signal)
    const bytes = (await sizeOf(path)) ?? 0
    this.#shown.set(name, bytes)
    return bytes
  }
}
