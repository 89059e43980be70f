import {
  append,
  emptyFrontier,
  type Frontier,
  type Hash,
  leafHash,
  nodeHash,
  type ReadSubtree,
} from '../../src/evidence/merkle.ts'
import type { Tile } from '../../src/evidence/tiles.ts'

/** A tree of leaves, with the hashes of its complete subtrees kept in memory. */
export class MemoryTree {
  frontier: Frontier = emptyFrontier
  readonly levels: Hash[][] = []

  append(leaf: string | Uint8Array): void {
    this.frontier = append(this.frontier, leafHash(leaf), (level, index, hash) => {
      const row = this.levels[level] ?? []
      this.levels[level] = row
      if (row.length !== index) throw new Error(`subtree ${index} of level ${level} comes out of order`)
      row.push(hash)
    })
  }

  readonly read: ReadSubtree = (level, index) => {
    const hash = this.levels[level]?.[index]
    if (!hash) throw new Error(`there is no complete subtree ${index} of level ${level}`)
    return hash
  }

  readonly readTile = ({ level, index, width }: Tile & { level: number }): Uint8Array =>
    Buffer.concat(this.levels[level * 8]?.slice(index * 256, index * 256 + width) ?? [])
}

export const treeOf = (size: number): MemoryTree => {
  const tree = new MemoryTree()
  for (let index = 0; index < size; index++) tree.append(`leaf ${index}`)
  return tree
}

/** A tree whose leaves are all the same, of any size: one hash for each level is all of it. */
export const evenTree = (leaf: string) => {
  const read: ReadSubtree = (level) => {
    let hash = leafHash(leaf)
    for (let at = 0; at < level; at++) hash = nodeHash(hash, hash)
    return hash
  }
  const tiles = new Map<number, Buffer>()
  const readTile = ({ level, width }: Tile & { level: number }): Uint8Array => {
    const full = tiles.get(level) ?? Buffer.concat(Array.from({ length: 256 }, () => read(level * 8, 0)))
    tiles.set(level, full)
    return full.subarray(0, width * 32)
  }
  return { read, readTile }
}
