import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  consistencyProof,
  emptyRoot,
  type Hash,
  inclusionProof,
  leafHash,
  nodeHash,
  verifyConsistency,
  verifyInclusion,
} from '../../src/evidence/merkle.ts'
import { naiveTree } from './naive.ts'
import { treeOf } from './trees.ts'

const sizeMax = 512
const tree = treeOf(sizeMax)
const leaves = Array.from({ length: sizeMax }, (_, index) => Buffer.from(leafHash(`leaf ${index}`)))
const naive = naiveTree(leaves)
const leafAt = (index: number): Hash => leaves[index] ?? emptyRoot

describe('a malformed proof', () => {
  const head = (size: number) => ({ size, root: naive.root(size) })
  const flip = (hash: Hash, bit: number) =>
    Buffer.from(Buffer.from(hash).map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)))
  const sizes = fc.integer({ min: 2, max: sizeMax })

  const damaged = (proof: Hash[], kind: number, at: number): Hash[] => {
    const where = at % (proof.length + 1)
    const copy = [...proof]
    if (kind === 0) copy.splice(where, 0, emptyRoot)
    else if (kind === 1) copy.splice(where % proof.length, 1)
    else if (kind === 2) copy.splice(where % proof.length, 1, flip(copy[where % proof.length] ?? emptyRoot, at % 256))
    else copy.splice(where % proof.length, 0, copy[where % proof.length] ?? emptyRoot)
    return copy
  }

  test('of inclusion is refused: longer, shorter, changed, with a hash twice', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat({ max: 3 }), fc.nat(), (size, leaf, kind, at) => {
        const index = leaf % size
        const proof = damaged(inclusionProof(index, size, tree.read), kind, at)
        expect(() => verifyInclusion(leafAt(index), index, head(size), proof)).toThrow(/proof/)
      }),
    )
  })

  test('of inclusion is refused for another leaf, index, size or root', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, leaf, other) => {
        const index = leaf % size
        const proof = inclusionProof(index, size, tree.read)
        const elsewhere = (index + 1 + (other % (size - 1))) % size
        expect(() => verifyInclusion(leafAt(elsewhere), index, head(size), proof)).toThrow(/root/)
        expect(() => verifyInclusion(leafAt(index), elsewhere, head(size), proof)).toThrow(/proof/)
        expect(() => verifyInclusion(leafAt(index), index, head(size - 1), proof)).toThrow()
        expect(() => verifyInclusion(flip(leafAt(index), other % 256), index, head(size), proof)).toThrow(/root/)
      }),
    )
  })

  test('of consistency is refused: longer, shorter, changed, with a hash twice, of other roots', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat({ max: 3 }), fc.nat(), (second, small, kind, at) => {
        const first = 1 + (small % (second - 1))
        const proof = consistencyProof(first, second, tree.read)
        const check = (path: Hash[], a = head(first), b = head(second)) => verifyConsistency(a, b, path)
        expect(() => check(damaged(proof, kind, at))).toThrow(/proof/)
        expect(() => check(proof, { size: first, root: flip(naive.root(first), at % 256) })).toThrow(/root/)
        expect(() => check(proof, head(first), { size: second, root: flip(naive.root(second), at % 256) })).toThrow(
          /root/,
        )
      }),
    )
  })

  test('is refused for its length alone, though the hashes lead to the root', () => {
    const [a, b, c] = [leafAt(0), leafAt(1), leafAt(2)]
    const [ab, abc] = [nodeHash(a, b), nodeHash(nodeHash(a, b), c)]
    expect(() => verifyInclusion(a, 0, { size: 2, root: a }, [])).toThrow('too short')
    expect(() => verifyInclusion(a, 0, { size: 1, root: ab }, [b])).toThrow('too long')
    expect(() => verifyConsistency({ size: 1, root: a }, { size: 3, root: ab }, [b])).toThrow('too short')
    expect(() => verifyConsistency({ size: 1, root: a }, { size: 2, root: abc }, [b, c])).toThrow('too long')
  })

  test('is refused where there is nothing to prove', () => {
    expect(() => verifyInclusion(leafAt(0), 0, head(0), [])).toThrow('leaf 0 lies outside a tree of 0')
    expect(() => verifyInclusion(leafAt(0), 5, head(5), [])).toThrow('outside')
    expect(() => verifyConsistency(head(0), head(5), [])).toThrow('empty')
    expect(() => verifyConsistency(head(6), head(5), [])).toThrow('beginning')
    expect(() => verifyConsistency(head(3), head(5), [])).toThrow('empty')
    expect(() => verifyConsistency(head(4), head(5), [])).toThrow('empty')
    expect(() => verifyConsistency(head(5), head(5), [emptyRoot])).toThrow('not empty')
    expect(() => verifyConsistency({ size: 5, root: emptyRoot }, head(5), [])).toThrow('different roots')
    expect(verifyConsistency(head(5), head(5), []).size).toBe(5)
  })
})
