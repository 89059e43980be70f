import type Database from 'libsql'
import type { LogName } from '../leaf.ts'
import { frontierAt, type Hash, type ReadSubtree, type ReadTile, rootOf, subtreesOfTiles } from '../merkle.ts'
import { hashBytes, tileHeight } from '../tiles.ts'
import { openLogFile } from './file.ts'

export interface LogHead {
  id: number
  tenant: string
  log: LogName
  /** Leaves in its tree. */
  size: number
}

/** Which leaf an event is. `position`: where in the ledger it stands. */
export interface LeafPlace {
  logId: number
  index: number
  event: string
  position: bigint
}

/** About 8 MiB. */
const highMax = 65_536

const leafColumns = 'log logId, idx "index", event, cast(position as text) position'

type Prepared = ReturnType<Database.Database['prepare']>

/** Reads the logs' trees while the builder grows them. */
export class LogReader {
  private readonly db: Database.Database
  private readonly statements = new Map<string, Prepared>()
  /** Hashes of complete subtrees above the leaves' own tiles: they never change, and every proof needs some. */
  private readonly high = new Map<string, Hash>()

  constructor(path: string) {
    this.db = openLogFile(path)
    this.db.pragma('query_only = 1')
  }

  /** Position of the last event that the trees know; -1 at the beginning. */
  position(): bigint {
    const row = this.prepared('select cast(position as text) position from reached').get([])
    return row ? BigInt((row as { position: string }).position) : -1n
  }

  heads(): LogHead[] {
    return this.prepared('select id, tenant, log, size from logs order by id').all([]) as LogHead[]
  }

  head(tenant: string, log: LogName): LogHead | undefined {
    const sql = 'select id, tenant, log, size from logs where tenant = ? and log = ?'
    return this.prepared(sql).get([tenant, log]) as LogHead | undefined
  }

  leafOf(event: string): LeafPlace | undefined {
    const [leaf] = this.leaves('event = ?', [event])
    return leaf
  }

  /** The leaves from an index on, `count` at most, in their order. */
  leavesFrom(logId: number, index: number, count: number): LeafPlace[] {
    return this.leaves('log = ? and idx >= ? order by idx limit ?', [logId, index, count])
  }

  readTile(logId: number): ReadTile {
    const statement = this.prepared('select hashes from tiles where log = ? and level = ? and idx = ?')
    return ({ level, index, width }) => {
      const row = statement.get([logId, level, index]) as { hashes: Uint8Array } | undefined
      if (!row) throw new Error(`tile ${level}/${index} of log ${logId} is missing`)
      // Since the tree had the size that was asked about, the tile may have grown.
      return row.hashes.subarray(0, width * hashBytes)
    }
  }

  /** Of a tree of `size` leaves. */
  subtrees(logId: number, size: number): ReadSubtree {
    const read = subtreesOfTiles(size, this.readTile(logId))
    return (level, index) => {
      if (level < tileHeight) return read(level, index)
      const key = `${logId}/${level}/${index}`
      const hash = this.high.get(key) ?? read(level, index)
      if (this.high.size >= highMax) this.high.clear()
      this.high.set(key, hash)
      return hash
    }
  }

  rootAt(logId: number, size: number): Hash {
    return rootOf(frontierAt(size, this.subtrees(logId, size)))
  }

  close(): void {
    this.db.close()
  }

  /** Each once: they are few. */
  private prepared(sql: string): Prepared {
    const statement = this.statements.get(sql) ?? this.db.prepare(sql)
    this.statements.set(sql, statement)
    return statement
  }

  private leaves(where: string, parameters: (string | number)[]): LeafPlace[] {
    const rows = this.prepared(`select ${leafColumns} from leaves where ${where}`).all(parameters) as (Omit<
      LeafPlace,
      'position'
    > & { position: string })[]
    return rows.map((row) => ({ ...row, position: BigInt(row.position) }))
  }
}
