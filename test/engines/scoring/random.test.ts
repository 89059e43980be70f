import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seeded, shuffled, xoshiro128 } from '../../../src/engines/local/scoring/random.ts'

test('the generator gives the outputs of the reference implementation', () => {
  const next = xoshiro128([0x964d4a0c, 0xd40ab895, 0xad7fdecb, 0x3006f0f0])
  expect([next(), next(), next(), next()]).toEqual([0xf1391922, 0x6fe53806, 0xa5be2840, 0xf510ee70])
})

test('the same names give the same numbers, other names others', () => {
  const draw = (...names: string[]) => Array.from({ length: 5 }, seeded(...names).uniform)
  expect(draw('a', 'b')).toEqual(draw('a', 'b'))
  expect(draw('a', 'b')).not.toEqual(draw('ab'))
})

test('normal and Poisson numbers have the mean and the variance of their distribution', () => {
  const random = seeded('moments')
  const moments = (draw: () => number) => {
    const values = Array.from({ length: 50_000 }, draw)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length }
  }
  const normal = moments(random.normal)
  expect(normal.mean).toBeCloseTo(0, 1)
  expect(normal.variance).toBeCloseTo(1, 1)
  const poisson = moments(() => random.poisson(1.5))
  expect(poisson.mean).toBeCloseTo(1.5, 1)
  expect(poisson.variance).toBeCloseTo(1.5, 1)
})

test('shuffling keeps every item', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.string(), (items, seed) => {
      const order = shuffled(items, seeded(seed))
      expect(order.toSorted()).toEqual(items.toSorted())
    }),
  )
})

test('shuffling puts each item first about equally often', () => {
  const firsts = [0, 0, 0, 0]
  for (let i = 0; i < 4000; i += 1) {
    const first = shuffled([0, 1, 2, 3], seeded('first', String(i)))[0] ?? 0
    firsts[first] = (firsts[first] ?? 0) + 1
  }
  for (const count of firsts) expect(Math.abs(count - 1000)).toBeLessThan(120)
})
