import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FeatureVector, featureNames } from '../../../src/engines/local/scoring/features.ts'
import {
  blend,
  logitOf,
  parseScorecard,
  type Scorecard,
  scoreOf,
} from '../../../src/engines/local/scoring/scorecard.ts'
import { scorecardV1 } from '../../../src/engines/local/scoring/scorecard-v1.ts'
import { failureOf, newWorld, pathOf } from './world.ts'

const anyFeatures = fc
  .array(fc.double({ min: -100, max: 5000, noNaN: true }), { minLength: 16, maxLength: 16 })
  .map((values) => Object.fromEntries(featureNames.map((name, at) => [name, values[at] ?? 0])) as FeatureVector)

const model = {
  intercept: 0.3,
  weights: featureNames.map((feature, at) => ({ feature, mean: at / 3, sd: 1 + at / 5, weight: Math.sin(at) })),
}

test('scores stay within 300..850 and fall as the probability of default rises', () => {
  fc.assert(
    fc.property(anyFeatures, anyFeatures, (first, second) => {
      const [a, b] = [scoreOf(scorecardV1, first), scoreOf(scorecardV1, second)]
      for (const { score, probability } of [a, b]) {
        expect(score >= 300 && score <= 850 && Number.isInteger(score)).toBe(true)
        expect(probability >= 0 && probability <= 1).toBe(true)
      }
      if (a.probability < b.probability) expect(a.score).toBeGreaterThanOrEqual(b.score)
    }),
  )
})

test('even odds score 575, and 40 points more halve the odds', () => {
  const card = (intercept: number): Scorecard => ({ ...scorecardV1, intercept, weights: [] })
  const nothing = Object.fromEntries(featureNames.map((name) => [name, 0])) as FeatureVector
  expect(scoreOf(card(0), nothing)).toEqual({ score: 575, probability: 0.5 })
  const safer = scoreOf(card(-Math.LN2), nothing)
  expect(safer.score).toBe(615)
  expect(safer.probability).toBeCloseTo(1 / 3, 12)
})

test('a blend of 0 is the first card and a blend of 1 the second, whatever their means and deviations', () => {
  fc.assert(
    fc.property(anyFeatures, (features) => {
      const near = (share: number, expected: number) => {
        const found = logitOf(blend(scorecardV1, model, share), features)
        expect(Math.abs(found - expected)).toBeLessThan(1e-7 * (1 + Math.abs(expected)))
      }
      const [first, second] = [logitOf(scorecardV1, features), logitOf(model, features)]
      near(0, first)
      near(1, second)
      near(0.25, 0.75 * first + 0.25 * second)
    }),
  )
})

test('a feature that one card lacks counts with its share of the other', () => {
  const partial = { ...scorecardV1, weights: scorecardV1.weights.slice(0, 3) }
  expect(blend(partial, model, 0.5).weights).toHaveLength(16)
  expect(blend(model, partial, 0.5).weights).toHaveLength(16)
})

test('v1 is written when it is first used, and not again', async () => {
  const world = newWorld()
  await world.run('ingest', 'BATCH_001', { parties: 3 })
  const first = await world.run('score')
  expect(first.documents.map((document) => document.path)).toContain('scoring/scorecards/v1.json')
  expect(parseScorecard(world.document('scoring/scorecards/v1.json'), 'v1')).toEqual(scorecardV1)
  expect((await world.run('score')).documents).toEqual([])
})

test('an unknown scorecard is not found, nor one outside its folder', async () => {
  const world = newWorld()
  await world.run('ingest', 'BATCH_001', { parties: 3 })
  world.documents.set('scoring/scorecards/../models/m.json', JSON.stringify({ ...scorecardV1, version: '../models/m' }))
  for (const version of ['v9', '../models/m', '']) {
    const message = await failureOf(world.run('score', 'BATCH_001', { scorecard_version: version }))
    expect(message).toBe(`Scorecard '${version}' not found`)
  }
  const wrong = world.run('score', 'BATCH_001', { scorecard_version: 1 })
  expect(await failureOf(wrong)).toBe("Parameter 'scorecard_version' must be a string")
})

test('a scorecard that cannot be used says why', async () => {
  const world = newWorld()
  await world.run('ingest', 'BATCH_001', { parties: 3 })
  const scoreWith = (card: object) => {
    world.documents.set('scoring/scorecards/mine.json', JSON.stringify({ ...scorecardV1, version: 'mine', ...card }))
    return failureOf(world.run('score', 'BATCH_001', { scorecard_version: 'mine' }))
  }
  const weight = { feature: 'age_years', mean: 40, sd: 10, weight: 1 }
  expect(await scoreWith({ intercept: 'x' })).toBe("Scorecard 'mine': 'intercept' is not a number")
  expect(await scoreWith({ version: 'v1' })).toBe("Scorecard 'mine': the document calls itself 'v1'")
  expect(await scoreWith({ weights: [{ ...weight, sd: 0 }] })).toContain("the sd of 'age_years' must be above 0")
  expect(await scoreWith({ weights: [{ ...weight, feature: 'luck' }] })).toContain("there is no feature 'luck'")
})

test('scores are written for every party, with the version that gave them', async () => {
  const world = newWorld()
  await world.run('ingest')
  expect((await world.run('score')).output).toEqual({ parties_scored: 100 })
  const rows = world.table(pathOf('scores.parquet'))
  expect(new Set(rows.map((row) => row.party_id)).size).toBe(100)
  expect(Object.keys(rows[0] ?? {})).toEqual(['party_id', 'scorecard_version', 'probability', 'score'])
})
