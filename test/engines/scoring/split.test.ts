import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seeded } from '../../../src/engines/local/scoring/random.ts'
import { stratifiedSplit } from '../../../src/engines/local/scoring/split.ts'

const size = fc.integer({ min: 2, max: 150 })
const testSize = fc.double({ min: 0.05, max: 0.95, noNaN: true })
const labelsOf = (zeros: number, ones: number, seed: string) => {
  const random = seeded('labels', seed)
  return [...Array<number>(zeros).fill(0), ...Array<number>(ones).fill(1)].sort(() => random.uniform() - 0.5)
}

test('every row is in one part, and each part has its share of each class', () => {
  fc.assert(
    fc.property(size, size, testSize, fc.string(), (zeros, ones, share, seed) => {
      const labels = labelsOf(zeros, ones, seed)
      const split = stratifiedSplit(labels, share, seeded(seed))
      expect([...split.train, ...split.test].toSorted((a, b) => a - b)).toEqual(labels.map((_, row) => row))
      for (const [kind, rows] of [zeros, ones].entries()) {
        const inTest = split.test.filter((row) => labels[row] === kind).length
        const wanted = Math.min(rows - 1, Math.max(1, rows * share))
        expect(Math.abs(inTest - wanted)).toBeLessThanOrEqual(0.5)
      }
    }),
  )
})

test('the same seed gives the same split, another seed another', () => {
  const labels = labelsOf(60, 40, 'x')
  const split = (seed: string) => stratifiedSplit(labels, 0.2, seeded(seed))
  expect(split('a')).toEqual(split('a'))
  expect(split('a')).not.toEqual(split('b'))
  expect(split('a').test).toHaveLength(20)
})

test('one class alone cannot be split', () => {
  const split = (labels: number[]) => () => stratifiedSplit(labels, 0.2, seeded('a'))
  expect(split([0, 0, 0])).toThrow('Training needs both classes: 0 of 3 labels are 1')
  expect(split([1, 1])).toThrow('Training needs both classes: 0 of 2 labels are 0')
})

test('a class of one row cannot be in both parts', () => {
  expect(() => stratifiedSplit([0, 0, 1], 0.5, seeded('a'))).toThrow('1 of 3 labels are 1')
})
