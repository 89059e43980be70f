import type Database from 'libsql'
import type { LedgerEvent } from '../src/app/ports/ledger.ts'
import { openViewsFile } from './open.ts'
import { type SqlValue, statementsFor, type View } from './projection.ts'

type Prepared = ReturnType<Database.Database['prepare']>

/** Applies events to views. The runner below does it at once; the thread's host passes them on. */
export interface ViewWriter {
  /** Position that all views have reached; -1 when one of them is to be built from the start. */
  position(): Promise<bigint>
  /** Applies the events in one transaction, together with the position that they reach. */
  apply(events: readonly LedgerEvent[], reached: bigint): Promise<void>
  close(): Promise<void>
}

/** Of 4 KiB. Each checkpoint makes the disk write all of it at once, and the ledger's own writes wait for that. */
const checkpointPages = 8_192

const positionsSchema =
  'create table if not exists views (name text, version integer, position integer, primary key (name, version))'

/**
 * The views of one database file. Each has a position of its own, kept in the transaction that writes its rows; a view
 * that is new, or has a new version, catches up from the start while the others wait, and then all go on together.
 */
export class ViewRunner implements ViewWriter {
  private readonly db: Database.Database
  private readonly views: readonly View[]
  private readonly positions = new Map<View, bigint>()
  private readonly statements = new Map<string, Prepared>()
  /** Where the old tables are dropped: every view has then seen what the furthest had seen at the start. */
  private dropOldAt: bigint

  constructor(path: string, views: readonly View[]) {
    this.db = openViewsFile(path)
    this.views = views
    this.db.pragma('journal_mode = WAL')
    this.db.pragma('synchronous = NORMAL')
    this.db.pragma(`wal_autocheckpoint = ${checkpointPages}`)
    this.db.exec(positionsSchema)
    for (const view of views) {
      for (const sql of view.schema) this.db.exec(sql)
      this.positions.set(view, this.storedPosition(view))
    }
    this.dropOldAt = this.furthest()
    this.dropOldVersions()
  }

  async position(): Promise<bigint> {
    let lowest = this.furthest()
    for (const position of this.positions.values()) if (position < lowest) lowest = position
    return lowest
  }

  async apply(events: readonly LedgerEvent[], reached: bigint): Promise<void> {
    const advanced = this.views.filter((view) => this.positionOf(view) < reached)
    this.db.exec('begin immediate')
    try {
      for (const view of advanced) this.applyTo(view, events)
      for (const view of advanced) this.storePosition(view, reached)
      this.db.exec('commit')
    } catch (error) {
      this.db.exec('rollback')
      throw error
    }
    for (const view of advanced) this.positions.set(view, reached)
    this.dropOldVersions()
  }

  async close(): Promise<void> {
    this.db.close()
  }

  private applyTo(view: View, events: readonly LedgerEvent[]): void {
    const after = this.positionOf(view)
    for (const event of events) {
      if (event.position <= after) continue
      for (const [sql, ...parameters] of statementsFor(view, event)) this.run(sql, parameters)
    }
  }

  private run(sql: string, parameters: readonly SqlValue[]): void {
    let statement = this.statements.get(sql)
    if (!statement) {
      statement = this.db.prepare(sql)
      this.statements.set(sql, statement)
    }
    statement.run(parameters)
  }

  private positionOf(view: View): bigint {
    return this.positions.get(view) ?? -1n
  }

  private furthest(): bigint {
    let furthest = -1n
    for (const position of this.positions.values()) if (position > furthest) furthest = position
    return furthest
  }

  private storedPosition(view: View): bigint {
    const sql = 'select cast(position as text) position from views where name = ? and version = ?'
    const row = this.db.prepare(sql).get(view.name, view.version) as { position: string } | undefined
    return row ? BigInt(row.position) : -1n
  }

  private storePosition(view: View, position: bigint): void {
    this.run('insert or replace into views (name, version, position) values (?, ?, ?)', [
      view.name,
      view.version,
      position,
    ])
  }

  private dropOldVersions(): void {
    if (this.views.some((view) => this.positionOf(view) < this.dropOldAt)) return
    this.dropOldAt = -1n
    const kept = new Set(['views', ...this.views.flatMap((view) => view.tables)])
    const tables = this.db.prepare(`select name from sqlite_master where type = 'table'`).all() as { name: string }[]
    const old = tables.filter(({ name }) => !kept.has(name) && !name.startsWith('sqlite_'))
    if (old.length === 0) return
    this.statements.clear()
    for (const { name } of old) this.db.exec(`drop table "${name}"`)
    const isCurrent = this.views.map(() => '(name = ? and version = ?)').join(' or ')
    const current = this.views.flatMap(({ name, version }) => [name, version])
    this.db.prepare(`delete from views where not (${isCurrent})`).run(current)
  }
}
