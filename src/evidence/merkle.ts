import { hashBytes, type Tile, tileHeight, tileWidth, widthOf } from './tiles.ts'
import { type Hash, nodeHash } from './verifier/hash.ts'
import type { Frontier } from './verifier/proof.ts'

export { emptyRoot, type Hash, leafHash, nodeHash } from './verifier/hash.ts'
export {
  append,
  emptyFrontier,
  type Frontier,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from './verifier/proof.ts'

/**
 * The hash of a complete subtree, of 2^level leaves from index * 2^level on, as `append` told it. Whoever keeps all of
 * them reads each at once; whoever keeps those of levels 0, 8, 16, … only (one in 256 more than leaves) reads tiles.
 */
export type ReadSubtree = (level: number, index: number) => Hash

/** A tile's hashes, one after the other. Asked for tiles that the tree of the proof's size has, at their width. */
export type ReadTile = (tile: Tile & { level: number }) => Uint8Array

/** Reads subtrees from the tiles of a tree of `size` leaves, each tile once. */
export const subtreesOfTiles = (size: number, readTile: ReadTile): ReadSubtree => {
  const tiles = new Map<string, Uint8Array>()
  const tileAt = (level: number, index: number): Uint8Array => {
    const key = `${level}/${index}`
    const width = widthOf(size, level, index)
    const tile = tiles.get(key) ?? readTile({ level, index, width })
    if (tile.length !== width * hashBytes) throw new Error(`tile ${key} has ${tile.length} bytes, not ${width} hashes`)
    tiles.set(key, tile)
    return tile
  }
  return (level, index) => {
    const above = level % tileHeight
    const first = index * 2 ** above
    const tile = tileAt((level - above) / tileHeight, Math.floor(first / tileWidth))
    const offset = (first % tileWidth) * hashBytes
    return rootOfHashes(tile.subarray(offset, offset + 2 ** above * hashBytes))
  }
}

/** Of a power of two of hashes, one after the other. */
const rootOfHashes = (hashes: Uint8Array): Hash => {
  if (hashes.length === hashBytes) return hashes
  const middle = hashes.length / 2
  return nodeHash(rootOfHashes(hashes.subarray(0, middle)), rootOfHashes(hashes.subarray(middle)))
}

/** The largest power of two below `count`, which is 2 or more: where RFC 9162 splits a tree. */
const splitOf = (count: number): number => {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}

/** MTH(D[start:end]) for a range that RFC 9162's recursion comes to. */
const rangeHash = (start: number, end: number, read: ReadSubtree): Hash => {
  const count = end - start
  const level = Math.log2(count)
  if (Number.isInteger(level)) return read(level, start / count)
  const middle = start + splitOf(count)
  return nodeHash(rangeHash(start, middle, read), rangeHash(middle, end, read))
}

/** The frontier of the tree's first `size` leaves. */
export const frontierAt = (size: number, read: ReadSubtree): Frontier => {
  const peaks: Hash[] = []
  for (let start = 0, rest = size; rest > 0; ) {
    const count = 2 ** Math.floor(Math.log2(rest))
    peaks.push(rangeHash(start, start + count, read))
    start += count
    rest -= count
  }
  return { size, peaks }
}

/** PATH(m, D[n]) of RFC 9162 §2.1.3.1. Throws a RangeError when the leaf is not in the tree. */
export const inclusionProof = (leafIndex: number, treeSize: number, read: ReadSubtree): Hash[] => {
  if (!isCount(leafIndex) || !isCount(treeSize) || leafIndex >= treeSize) {
    throw new RangeError(`leaf ${leafIndex} of a tree of ${treeSize}`)
  }
  const path = (start: number, end: number): Hash[] => {
    if (end - start === 1) return []
    const middle = start + splitOf(end - start)
    return leafIndex < middle
      ? [...path(start, middle), rangeHash(middle, end, read)]
      : [...path(middle, end), rangeHash(start, middle, read)]
  }
  return path(0, treeSize)
}

/** PROOF(m, D[n]) of RFC 9162 §2.1.4.1; empty for equal sizes. Throws a RangeError unless 0 < first <= second. */
export const consistencyProof = (firstSize: number, secondSize: number, read: ReadSubtree): Hash[] => {
  if (!isCount(firstSize) || !isCount(secondSize) || firstSize === 0 || firstSize > secondSize) {
    throw new RangeError(`a tree of ${firstSize} as the beginning of one of ${secondSize}`)
  }
  const subproof = (start: number, end: number, isWhole: boolean): Hash[] => {
    if (firstSize === end) return isWhole ? [] : [rangeHash(start, end, read)]
    const middle = start + splitOf(end - start)
    return firstSize <= middle
      ? [...subproof(start, middle, isWhole), rangeHash(middle, end, read)]
      : [...subproof(middle, end, false), rangeHash(start, middle, read)]
  }
  return subproof(0, secondSize, true)
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
