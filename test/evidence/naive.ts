import { createHash } from 'node:crypto'

/**
 * The definitions of RFC 9162 §2.1.1, §2.1.3.1 and §2.1.4.1 over a list of leaf hashes, word for word. Of D[a:b] only
 * the hash is remembered, so that all sizes can be gone through.
 */
export const naiveTree = (leaves: readonly Buffer[]) => {
  const known = new Map<string, Buffer>()

  const k = (n: number): number => {
    let power = 1
    while (power * 2 < n) power *= 2
    return power
  }

  const mth = (a: number, b: number): Buffer => {
    const key = `${a}:${b}`
    const found = known.get(key)
    if (found) return found
    const n = b - a
    const [only] = leaves.slice(a, a + 1)
    const hash =
      n === 0
        ? createHash('sha256').digest()
        : n === 1 && only
          ? only
          : createHash('sha256')
              .update(Buffer.concat([Buffer.of(1), mth(a, a + k(n)), mth(a + k(n), b)]))
              .digest()
    known.set(key, hash)
    return hash
  }

  /** PATH(m, D[a:b]), with m from the beginning of the range. */
  const path = (m: number, a: number, b: number): Buffer[] => {
    const n = b - a
    if (n === 1) return []
    return m < k(n)
      ? path(m, a, a + k(n)).concat([mth(a + k(n), b)])
      : path(m - k(n), a + k(n), b).concat([mth(a, a + k(n))])
  }

  /** SUBPROOF(m, D[a:b], flag). */
  const subproof = (m: number, a: number, b: number, flag: boolean): Buffer[] => {
    const n = b - a
    if (m === n) return flag ? [] : [mth(a, b)]
    return m <= k(n)
      ? subproof(m, a, a + k(n), flag).concat([mth(a + k(n), b)])
      : subproof(m - k(n), a + k(n), b, false).concat([mth(a, a + k(n))])
  }

  return {
    root: (size: number) => mth(0, size),
    inclusion: (leaf: number, size: number) => path(leaf, 0, size),
    consistency: (first: number, second: number) => subproof(first, 0, second, true),
  }
}
