import { areEqual, emptyRoot, type Hash, nodeHash, Refused } from './hash.ts'

export interface TreeHead {
  size: number
  root: Hash
}

/** All that an append-only tree needs to grow: the roots of its largest complete subtrees, from left to right. */
export interface Frontier {
  readonly size: number
  readonly peaks: readonly Hash[]
}

export const emptyFrontier: Frontier = { size: 0, peaks: [] }

const isOdd = (value: number): boolean => value % 2 === 1
const half = (value: number): number => Math.floor(value / 2)

/**
 * The tree with one leaf more, given the leaf's hash. Tells of each subtree that becomes complete: (0, size) is the
 * leaf itself; (level, index) covers the leaves from index * 2^level on, 2^level of them.
 */
export const append = (
  { size, peaks }: Frontier,
  leaf: Hash,
  completed: (level: number, index: number, hash: Hash) => void = () => {},
): Frontier => {
  const left = [...peaks]
  let hash = leaf
  let index = size
  completed(0, index, hash)
  for (let level = 1; isOdd(index); level++) {
    const sibling = left.pop()
    if (!sibling) throw new Error(`a frontier of ${size} leaves lacks a peak`)
    hash = nodeHash(sibling, hash)
    index = half(index)
    completed(level, index, hash)
  }
  return { size: size + 1, peaks: [...left, hash] }
}

export const rootOf = ({ peaks }: Frontier): Hash => {
  const last = peaks.at(-1)
  return last ? peaks.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last) : emptyRoot
}

/** RFC 9162 §2.1.3.2. Throws Refused unless the path leads from the leaf's hash to the root. */
export const verifyInclusion = (leaf: Hash, leafIndex: number, tree: TreeHead, path: readonly Hash[]): void => {
  if (leafIndex >= tree.size) throw new Refused(`leaf ${leafIndex} lies outside a tree of ${tree.size}`)
  let [fn, sn, r] = [leafIndex, tree.size - 1, leaf]
  for (const p of path) {
    if (sn === 0) throw new Refused(`the inclusion proof of leaf ${leafIndex} is too long`)
    if (isOdd(fn) || fn === sn) {
      r = nodeHash(p, r)
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      r = nodeHash(r, p)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  if (sn !== 0) throw new Refused(`the inclusion proof of leaf ${leafIndex} is too short`)
  if (!areEqual(r, tree.root)) throw new Refused(`the inclusion proof of leaf ${leafIndex} does not lead to the root`)
}

/**
 * RFC 9162 §2.1.4.2, and equal trees of equal size with an empty path. Throws Refused unless the second tree extends
 * the first, which must not be empty. Returns the frontier of the first tree: what a path has on the left are its peaks.
 */
export const verifyConsistency = (first: TreeHead, second: TreeHead, path: readonly Hash[]): Frontier => {
  if (first.size === 0) throw new Refused('the first tree is empty: nothing can be proved of it')
  if (first.size > second.size) throw new Refused(`${first.size} leaves cannot be the beginning of ${second.size}`)
  if (first.size === second.size) {
    if (path.length > 0) throw new Refused('the consistency proof of two trees of one size is not empty')
    if (!areEqual(first.root, second.root)) throw new Refused('two trees of one size have different roots')
    return { size: first.size, peaks: [first.root] }
  }
  if (path.length === 0) throw new Refused('the consistency proof is empty')
  let [fn, sn] = [first.size - 1, second.size - 1]
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)]
  const [start, ...rest] = fn === 0 ? [first.root, ...path] : path
  if (!start) throw new Refused('the consistency proof is empty')
  let [fr, sr] = [start, start]
  const peaks = [start]
  for (const c of rest) {
    if (sn === 0) throw new Refused('the consistency proof is too long')
    if (isOdd(fn) || fn === sn) {
      fr = nodeHash(c, fr)
      sr = nodeHash(c, sr)
      peaks.unshift(c)
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else {
      sr = nodeHash(sr, c)
    }
    ;[fn, sn] = [half(fn), half(sn)]
  }
  if (sn !== 0) throw new Refused('the consistency proof is too short')
  if (!areEqual(fr, first.root)) throw new Refused('the consistency proof does not lead to the first root')
  if (!areEqual(sr, second.root)) throw new Refused('the consistency proof does not lead to the second root')
  return { size: first.size, peaks }
}
