import type Database from 'libsql'
import { envelopeOf, isLeaf, leafBytes, logOfStream, type StoredEvent } from '../leaf.ts'
import { leafHash } from '../merkle.ts'
import { createLogTables, logVersion, openLogFile } from './file.ts'
import { GrowingTree, TreeStatements } from './tree.ts'

/** An event and its place in the ledger. */
export interface LedgerLeaf extends StoredEvent {
  position: bigint
}

/** Grows the logs' trees by what the ledger holds; the same ledger always gives the same trees. */
export class LogBuilder {
  private readonly db: Database.Database
  private readonly statements: TreeStatements
  private reached: bigint

  /** Throws what SQLite says when the file is damaged: it may be deleted, and is built again. */
  constructor(path: string) {
    this.db = openLogFile(path)
    createLogTables(this.db)
    this.statements = new TreeStatements(this.db)
    const sql = 'select cast(position as text) position from reached where version = ?'
    const row = this.db.prepare(sql).get([logVersion]) as { position: string } | undefined
    this.reached = row ? BigInt(row.position) : -1n
    if (!row) this.clear()
  }

  /** Position of the last event that is in a tree, or in none of them; -1 at the beginning. */
  position(): bigint {
    return this.reached
  }

  /** The next events of the ledger, in its order, in one transaction. */
  append(events: readonly LedgerLeaf[]): void {
    const last = events.at(-1)?.position
    if (last === undefined) return
    this.db.exec('begin immediate')
    try {
      const trees = new Map<string, GrowingTree>()
      for (const event of events) this.addLeaf(trees, event)
      for (const tree of trees.values()) tree.write()
      this.db.prepare('insert or replace into reached (version, position) values (?, ?)').run([logVersion, last])
      this.db.exec('commit')
    } catch (error) {
      this.db.exec('rollback')
      throw error
    }
    this.reached = last
  }

  close(): void {
    this.db.close()
  }

  private addLeaf(trees: Map<string, GrowingTree>, event: LedgerLeaf): void {
    const place = logOfStream(event.stream)
    if (!place || !isLeaf(event) || event.position <= this.reached) return
    const key = `${place.tenant}/${place.log}`
    const tree = trees.get(key) ?? new GrowingTree(this.statements, place.tenant, place.log)
    trees.set(key, tree)
    tree.append(leafHash(leafBytes(envelopeOf(event, tree.size))), event.id, event.position)
  }

  private clear(): void {
    for (const table of ['logs', 'leaves', 'tiles', 'reached']) this.db.exec(`delete from ${table}`)
  }
}
