import fc from 'fast-check'
import { expect, test } from 'vitest'
import { auc, brier, kolmogorovSmirnov, logLoss } from '../../../src/engines/local/scoring/metrics.ts'

test.each([
  ['a perfect order', [0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], 1, 1],
  ['the opposite order', [0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1], 0, 1],
  ['one pair of four in the wrong order', [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75, 0.5],
  ['all scores the same', [0.5, 0.5, 0.5, 0.5], [0, 1, 0, 1], 0.5, 0],
  ['a tie between the classes', [0.1, 0.5, 0.5, 0.9], [0, 0, 1, 1], 0.875, 0.5],
  ['ties within a class only', [0.2, 0.2, 0.7, 0.7], [0, 0, 1, 1], 1, 1],
])('%s', (_, scores, labels, area, ks) => {
  expect(auc({ scores, labels })).toBeCloseTo(area, 12)
  expect(kolmogorovSmirnov({ scores, labels })).toBeCloseTo(ks, 12)
})

test('the area is the share of pairs in the right order, ties counting half', () => {
  const row = fc.record({ score: fc.integer({ min: 0, max: 6 }), label: fc.constantFrom(0, 1) })
  fc.assert(
    fc.property(fc.array(row, { minLength: 2, maxLength: 40 }), (rows) => {
      const positives = rows.filter((each) => each.label === 1)
      const negatives = rows.filter((each) => each.label === 0)
      fc.pre(positives.length > 0 && negatives.length > 0)
      const won = positives.flatMap((p) =>
        negatives.map((n): number => (p.score > n.score ? 1 : p.score === n.score ? 0.5 : 0)),
      )
      const expected = won.reduce((sum, each) => sum + each, 0) / won.length
      const judged = { scores: rows.map((each) => each.score), labels: rows.map((each) => each.label) }
      expect(auc(judged)).toBeCloseTo(expected, 12)
    }),
  )
})

test('log-loss and Brier are what a hand computes', () => {
  const judged = { scores: [0.8, 0.4], labels: [1, 0] }
  expect(logLoss(judged)).toBeCloseTo((-Math.log(0.8) - Math.log(0.6)) / 2, 12)
  expect(brier(judged)).toBeCloseTo((0.04 + 0.16) / 2, 12)
})

test('a certain and wrong probability has a finite log-loss', () => {
  expect(logLoss({ scores: [0], labels: [1] })).toBeCloseTo(-Math.log(1e-15), 6)
})
