import { basename, dirname } from 'node:path'
import type { DuckDBMaterializedResult } from '@duckdb/node-api'
import type { FileFormat, FileSource, Transformation } from '../../domain/pipeline/manifest.ts'
import type { Database } from './database.ts'
import { failed } from './errors.ts'
import { writeDurably } from './files.ts'
import { bind } from './parameters.ts'
import { readSelect, type Select } from './select.ts'
import { copyTo, identifier, scanOf } from './sql.ts'
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

  /** Runs a query of the engine's or the manifest's over tables that are before `order`. */
  async query(
    sql: string,
    signal: AbortSignal,
    { order = Number.POSITIVE_INFINITY, around = (query: string) => query } = {},
  ): Promise<{ result: DuckDBMaterializedResult; bytesRead: number }> {
    const { database, workspace } = this.#options
    const select = await this.#select(sql, signal)
    let bytesRead = 0
    for (const name of select.tables) bytesRead += await this.#show(this.#named(name, order), signal)
    const result = await database.run(around(select.sql), signal, bind(select.parameters, workspace.job))
    return { result, bytesRead }
  }

  /** Writes a query's rows to a file. */
  async copy(sql: string, format: FileFormat, path: string, signal: AbortSignal, order?: number): Promise<Copied> {
    const around = (query: string) => copyTo(query, format, path)
    const { result, bytesRead } = await this.query(sql, signal, order === undefined ? { around } : { order, around })
    return { rows: result.rowsChanged, bytesRead }
  }

  /** Computes a transformation's table anew and keeps it in the staging folder. */
  async materialise(name: string, signal: AbortSignal): Promise<Copied & { bytesWritten: number }> {
    const table = this.#named(name)
    if (!('transformation' in table)) throw failed(`'${name}' is a source, not a transformation`)
    const { workspace } = this.#options
    const path = workFile(workspace, table.name)
    let copied: Copied = { rows: 0, bytesRead: 0 }
    const write = async (temporary: string) => {
      copied = await this.copy(table.transformation.sql, 'parquet', temporary, signal, table.order)
    }
    await writeDurably(dirname(path), () => basename(path), write)
    return { ...copied, bytesWritten: await this.#view(table.name, 'parquet', path, signal) }
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

  #named(name: string, before = Number.POSITIVE_INFINITY): Table {
    const table = this.#tables.get(name.toLowerCase())
    if (table !== undefined && table.order < before) return table
    const visible = [...this.#tables.values()].filter(({ order }) => order < before).map((other) => other.name)
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
    if ('source' in table) return this.#view(table.name, table.source.type, sourcePath(table.name), signal)
    const path = workFile(workspace, table.name)
    if ((await sizeOf(path)) !== null) return this.#view(table.name, 'parquet', path, signal)
    // A completed stage whose table is gone.
    return (await this.materialise(table.name, signal)).bytesWritten
  }

  async #view(name: string, format: FileFormat, path: string, signal: AbortSignal): Promise<number> {
    const scan = `CREATE OR REPLACE TEMP VIEW ${identifier(name)} AS SELECT * FROM ${scanOf(format, path)}`
    await this.#options.database.run(scan, signal)
    const bytes = (await sizeOf(path)) ?? 0
    this.#shown.set(name, bytes)
    return bytes
  }
}
