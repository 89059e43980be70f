import { createHash } from 'node:crypto'

/** A stream of random numbers that depends on its seed alone, never on the machine or the time. */
export interface Random {
  /** In [0, 1), with 53 random bits. */
  uniform(): number
  /** In 0..below-1. */
  integer(below: number): number
  /** Standard normal. */
  normal(): number
  poisson(mean: number): number
}

const rotateLeft = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits))

/** xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018): 32 bits a call. */
export const xoshiro128 = (seed: readonly [number, number, number, number]): (() => number) => {
  let [s0, s1, s2, s3] = seed
  return () => {
    const word = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0
    const shifted = s1 << 9
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = rotateLeft(s3, 11)
    return word
  }
}

/** One independent stream per list of names, so that drawing more in one place changes nothing in another. */
export const seeded = (...names: string[]): Random => {
  const digest = createHash('sha256').update(JSON.stringify(names)).digest()
  const next = xoshiro128([
    digest.readUInt32LE(0),
    digest.readUInt32LE(4),
    digest.readUInt32LE(8),
    digest.readUInt32LE(12),
  ])
  const uniform = () => ((next() >>> 5) * 0x4000000 + (next() >>> 6)) / 2 ** 53
  return {
    uniform,
    integer: (below) => Math.floor(uniform() * below),
    // Box and Muller 1958; 1 - u keeps the logarithm's argument above zero.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    poisson: (mean) => poisson(uniform, mean),
  }
}

/** Knuth, TAOCP 2, 3.4.1: multiplies uniforms until they fall below e^-mean; meant for small means. */
const poisson = (uniform: () => number, mean: number): number => {
  const floor = Math.exp(-mean)
  let count = 0
  for (let product = uniform(); product > floor; product *= uniform()) count += 1
  return count
}

/** Sorting by random keys: with 53 bits a tie, which would favour the given order, does not happen in practice. */
export const shuffled = <T>(items: readonly T[], random: Random): T[] =>
  items
    .map((item) => ({ item, key: random.uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)

export const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit))
