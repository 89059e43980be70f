import type Database from 'libsql'
import { append, emptyFrontier, type Frontier, type Hash } from '../merkle.ts'
import { hashBytes, tileHeight, tileWidth } from '../tiles.ts'

type Prepared = ReturnType<Database.Database['prepare']>

interface OpenTile {
  level: number
  index: number
  hashes: Hash[]
}

/** What the trees of a file read and write. */
export class TreeStatements {
  readonly find: Prepared
  readonly create: Prepared
  readonly grow: Prepared
  readonly tile: Prepared
  readonly writeTile: Prepared
  readonly writeLeaf: Prepared

  constructor(db: Database.Database) {
    this.find = db.prepare('select id, size, peaks from logs where tenant = ? and log = ?')
    this.create = db.prepare(
      'insert into logs (tenant, log, size, peaks) values (?, ?, 0, ?) returning id, size, peaks',
    )
    this.grow = db.prepare('update logs set size = ?, peaks = ? where id = ?')
    this.tile = db.prepare('select hashes from tiles where log = ? and level = ? and idx = ?')
    this.writeTile = db.prepare('insert or replace into tiles (log, level, idx, hashes) values (?, ?, ?, ?)')
    this.writeLeaf = db.prepare('insert into leaves (log, idx, event, position) values (?, ?, ?, ?)')
  }
}

/** One log's tree while a batch of leaves is appended. `write` belongs into the transaction of its leaves. */
export class GrowingTree {
  readonly id: number
  private readonly statements: TreeStatements
  private frontier: Frontier
  private readonly tiles = new Map<string, OpenTile>()

  constructor(statements: TreeStatements, tenant: string, log: string) {
    this.statements = statements
    const row = (statements.find.get([tenant, log]) ?? statements.create.get([tenant, log, Buffer.alloc(0)])) as {
      id: number
      size: number
      peaks: Uint8Array
    }
    this.id = row.id
    this.frontier = row.size === 0 ? emptyFrontier : { size: row.size, peaks: hashesOf(row.peaks) }
  }

  get size(): number {
    return this.frontier.size
  }

  append(leaf: Hash, event: string, position: bigint): void {
    this.statements.writeLeaf.run([this.id, this.size, event, position])
    this.frontier = append(this.frontier, leaf, (level, index, hash) => {
      if (level % tileHeight === 0) this.addToTile(level / tileHeight, index, hash)
    })
  }

  write(): void {
    const { grow, writeTile } = this.statements
    for (const { level, index, hashes } of this.tiles.values()) {
      writeTile.run([this.id, level, index, Buffer.concat(hashes)])
    }
    grow.run([this.size, Buffer.concat([...this.frontier.peaks]), this.id])
  }

  private addToTile(level: number, index: number, hash: Hash): void {
    const tileIndex = Math.floor(index / tileWidth)
    const key = `${level}/${tileIndex}`
    let tile = this.tiles.get(key)
    if (!tile) {
      const row = this.statements.tile.get([this.id, level, tileIndex]) as { hashes: Uint8Array } | undefined
      tile = { level, index: tileIndex, hashes: hashesOf(row?.hashes ?? new Uint8Array()) }
      this.tiles.set(key, tile)
    }
    if (tile.hashes.length !== index % tileWidth) throw new Error(`tile ${key} has ${tile.hashes.length} hashes`)
    tile.hashes.push(hash)
  }
}

const hashesOf = (bytes: Uint8Array): Hash[] =>
  Array.from({ length: bytes.length / hashBytes }, (_, n) => bytes.subarray(n * hashBytes, (n + 1) * hashBytes))
