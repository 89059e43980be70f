import { describe, expect, test } from 'vitest'
import {
  consistencyProof,
  emptyFrontier,
  emptyRoot,
  frontierAt,
  type Hash,
  inclusionProof,
  leafHash,
  nodeHash,
  rootOf,
  subtreesOfTiles,
  verifyConsistency,
  verifyInclusion,
} from '../../src/evidence/merkle.ts'
import { naiveTree } from './naive.ts'
import { evenTree, treeOf } from './trees.ts'

const hex = (hash: Hash) => Buffer.from(hash).toString('hex')
const sizeMax = 512
/** All pairs up to 512 are some 130,000 proofs and millions of hashes. */
const pairsTimeoutMs = 300_000
const tree = treeOf(sizeMax)
const leaves = Array.from({ length: sizeMax }, (_, index) => Buffer.from(leafHash(`leaf ${index}`)))
const naive = naiveTree(leaves)
const leafAt = (index: number): Hash => leaves[index] ?? emptyRoot

describe('the hashes of RFC 9162', () => {
  test('have their known values', () => {
    expect(hex(emptyRoot)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(hex(leafHash(''))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
    expect(hex(leafHash('L123456'))).toBe('395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56')
    expect(hex(nodeHash(Buffer.from('N123'), Buffer.from('N456')))).toBe(
      'aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb',
    )
  })
})

describe('a tree that grows leaf by leaf', () => {
  test('has the root of its leaves at every size', () => {
    const growing = treeOf(0)
    expect(hex(rootOf(emptyFrontier))).toBe(hex(emptyRoot))
    for (let size = 1; size <= sizeMax; size++) {
      growing.append(`leaf ${size - 1}`)
      expect(hex(rootOf(growing.frontier))).toBe(hex(naive.root(size)))
    }
  })

  test('goes on from the frontier of any of its sizes', () => {
    for (let size = 0; size <= sizeMax; size++) {
      expect(hex(rootOf(frontierAt(size, tree.read)))).toBe(hex(naive.root(size)))
    }
    expect(frontierAt(sizeMax, tree.read)).toEqual(tree.frontier)
  })
})

describe('every leaf of every tree of up to 512 leaves', () => {
  test(
    'is proved as RFC 9162 defines it, and the proof verifies',
    () => {
      for (let size = 1; size <= sizeMax; size++) {
        const head = { size, root: naive.root(size) }
        for (let index = 0; index < size; index++) {
          const proof = inclusionProof(index, size, tree.read)
          if (Buffer.compare(Buffer.concat(proof), Buffer.concat(naive.inclusion(index, size))) !== 0) {
            expect.fail(`leaf ${index} of ${size}`)
          }
          verifyInclusion(leafAt(index), index, head, proof)
        }
      }
    },
    pairsTimeoutMs,
  )
})

describe('every two trees of up to 512 leaves', () => {
  test(
    'are consistent as RFC 9162 defines it, the proof verifies, and tells the first frontier',
    () => {
      for (let second = 1; second <= sizeMax; second++) {
        const head = { size: second, root: naive.root(second) }
        for (let first = 1; first <= second; first++) {
          const proof = consistencyProof(first, second, tree.read)
          if (Buffer.compare(Buffer.concat(proof), Buffer.concat(naive.consistency(first, second))) !== 0) {
            expect.fail(`${first} in ${second}`)
          }
          const frontier = verifyConsistency({ size: first, root: naive.root(first) }, head, proof)
          if (first < second && second % 101 === 0) expect(frontier).toEqual(frontierAt(first, tree.read))
        }
      }
    },
    pairsTimeoutMs,
  )
})

describe('a proof made from tiles', () => {
  const big = treeOf(70_000)
  const sizes = [1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000]

  test.each(sizes)('is the one made from all hashes, in a tree of %d leaves', (size) => {
    const read = subtreesOfTiles(size, big.readTile)
    for (const index of new Set([0, Math.floor(size / 3), Math.floor(size / 2), size - 1])) {
      expect(inclusionProof(index, size, read)).toEqual(inclusionProof(index, size, big.read))
      expect(consistencyProof(index + 1, size, read)).toEqual(consistencyProof(index + 1, size, big.read))
    }
    expect(frontierAt(size, read)).toEqual(frontierAt(size, big.read))
  })

  test('reads a handful of tiles, each once', () => {
    const asked: string[] = []
    const read = subtreesOfTiles(70_000, (tile) => {
      asked.push(`${tile.level}/${tile.index}/${tile.width}`)
      return big.readTile(tile)
    })
    inclusionProof(69_999, 70_000, read)
    inclusionProof(300, 70_000, read)
    expect(asked.sort()).toEqual(['0/1/256', '0/273/112', '1/0/256', '1/1/17', '2/0/1'])
  })

  test('is refused when a tile is not as long as it must be', () => {
    const read = subtreesOfTiles(512, (tile) => big.readTile(tile).subarray(32))
    expect(() => inclusionProof(3, 512, read)).toThrow('tile 0/0 has 8160 bytes, not 256 hashes')
  })
})

describe('a tree beyond 32 bits', () => {
  test.each([2 ** 31 + 1, 2 ** 32 + 77, 2 ** 40 - 1, 2 ** 52 + 12_345])('of %d leaves has its proofs', (size) => {
    const { read, readTile } = evenTree('leaf')
    const fromTiles = subtreesOfTiles(size, readTile)
    const head = (at: number) => ({ size: at, root: rootOf(frontierAt(at, read)) })
    for (const index of [0, 2 ** 31 - 1, Math.floor(size / 3), size - 2, size - 1]) {
      const proof = inclusionProof(index, size, fromTiles)
      verifyInclusion(leafHash('leaf'), index, head(size), proof)
      expect(() => verifyInclusion(leafHash('other'), index, head(size), proof)).toThrow(/root/)
      verifyConsistency(head(index + 1), head(size), consistencyProof(index + 1, size, fromTiles))
    }
  })
})

describe('what cannot be proved', () => {
  test.each([
    [5, 5],
    [-1, 5],
    [1.5, 5],
    [0, 0],
  ])('is leaf %d of a tree of %d', (index, size) => {
    expect(() => inclusionProof(index, size, tree.read)).toThrow(RangeError)
  })

  test.each([
    [0, 5],
    [6, 5],
    [-1, 5],
  ])('is a tree of %d as the beginning of one of %d', (first, second) => {
    expect(() => consistencyProof(first, second, tree.read)).toThrow(RangeError)
  })
})
