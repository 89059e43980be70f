import { expect, test } from 'vitest'
import { fitLogistic } from '../../../src/engines/local/scoring/logistic.ts'
import { seeded, sigmoid } from '../../../src/engines/local/scoring/random.ts'

const truth = { intercept: -0.5, weights: [1, -2, 0.5] }

const dot = (row: readonly number[], weights: readonly number[]) =>
  row.reduce((sum, value, column) => sum + value * (weights[column] ?? 0), 0)

const draw = (rows: number, seed: string) => {
  const random = seeded(seed)
  const x = Array.from({ length: rows }, () => truth.weights.map(() => random.normal()))
  const y = x.map((row) => (random.uniform() < sigmoid(truth.intercept + dot(row, truth.weights)) ? 1 : 0))
  return { x, y }
}

test('the coefficients that drew the data are found again', async () => {
  const { x, y } = draw(40_000, 'known')
  const fit = await fitLogistic(x, y, 1)
  expect(fit.iterations).toBeLessThan(12)
  expect(Math.abs(fit.intercept - truth.intercept)).toBeLessThan(0.05)
  for (const [column, weight] of truth.weights.entries()) {
    expect(Math.abs((fit.weights[column] ?? 0) - weight)).toBeLessThan(0.06)
  }
})

/** The same loss, walked down slowly: nothing in common with Newton's steps but the optimum. */
const descend = (x: number[][], y: number[], ridge: number) => {
  let intercept = 0
  let weights = x[0]?.map(() => 0) ?? []
  for (let step = 0; step < 20_000; step += 1) {
    const errors = x.map((row, i) => sigmoid(intercept + dot(row, weights)) - (y[i] ?? 0))
    const rate = 2 / x.length
    intercept -= rate * errors.reduce((sum, error) => sum + error, 0)
    weights = weights.map((weight, column) => {
      const slope = errors.reduce((sum, error, i) => sum + error * (x[i]?.[column] ?? 0), ridge * weight)
      return weight - rate * slope
    })
  }
  return [intercept, ...weights]
}

test.each([0.5, 8])('a slow gradient descent ends at the same place, ridge %d', async (ridge) => {
  const { x, y } = draw(120, 'descent')
  const fit = await fitLogistic(x, y, ridge)
  const slow = descend(x, y, ridge)
  for (const [index, value] of [fit.intercept, ...fit.weights].entries()) expect(value).toBeCloseTo(slow[index] ?? 0, 5)
})

test('a larger ridge pulls the weights towards zero', async () => {
  const { x, y } = draw(120, 'ridge')
  const length = async (ridge: number) => {
    const { weights } = await fitLogistic(x, y, ridge)
    return Math.hypot(...weights)
  }
  expect(await length(100)).toBeLessThan(await length(1))
})

test('classes that a line separates still have finite weights', async () => {
  const x = [-40, -30, -20, 20, 30, 40].map((value) => [value, value])
  const fit = await fitLogistic(x, [0, 0, 0, 1, 1, 1], 1e-3)
  expect(fit.weights.every(Number.isFinite)).toBe(true)
  expect(fit.weights[0]).toBeCloseTo(fit.weights[1] ?? 0, 9)
})

test('where a whole Newton step overshoots, shorter ones still reach the bottom', async () => {
  // Found by search: from the sixth step on, the loss of plain Newton jumps from 2.6 to 23.
  const x = [
    [0, 0],
    [-1.5, -0.2],
    [7.6, -91.3],
    [12.9, 5.6],
    [0.1, 0],
    [-1.5, 0.4],
    [0, 0],
    [-3.2, 0],
    [-16.1, 0.5],
  ]
  const y = [0, 0, 0, 0, 0, 1, 0, 0, 1]
  const { intercept, weights } = await fitLogistic(x, y, 1e-3)
  const errors = x.map((row, i) => sigmoid(intercept + dot(row, weights)) - (y[i] ?? 0))
  for (const [column, weight] of weights.entries()) {
    const slope = errors.reduce((sum, error, i) => sum + error * (x[i]?.[column] ?? 0), 1e-3 * weight)
    expect(Math.abs(slope)).toBeLessThan(1e-4)
  }
})
