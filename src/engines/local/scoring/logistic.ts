import { setImmediate as nextTurn } from 'node:timers/promises'
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { sigmoid } from './random.ts'
import { failure } from './work.ts'

interface Fit {
  intercept: number
  weights: number[]
  iterations: number
}

const maxIterations = 50
const maxHalvings = 30
const tolerance = 1e-10

/**
 * Logistic regression with a ridge, by iteratively reweighted least squares (Hastie, Tibshirani and Friedman, "The
 * Elements of Statistical Learning", 2nd ed., section 4.4.1): minimises -log-likelihood + ridge/2 · |weights|².
 * Rows of `x` are observations of standardised columns, `y` is 0 or 1, `ridge` > 0; the intercept is not penalised.
 */
export const fitLogistic = async (x: readonly number[][], y: readonly number[], ridge: number): Promise<Fit> => {
  const design = new Matrix(x.map((row) => [1, ...row]))
  const outcome = Matrix.columnVector([...y])
  let beta = Matrix.zeros(design.columns, 1)
  let loss = penalisedLoss(design, outcome, beta, ridge)
  for (let iteration = 1; iteration <= maxIterations; iteration += 1) {
    await nextTurn()
    const step = newtonStep(design, outcome, beta, ridge)
    // A whole Newton step can overshoot where the curve is flat; the loss is convex, so a shorter one goes down.
    let next = Matrix.add(beta, step)
    let nextLoss = penalisedLoss(design, outcome, next, ridge)
    for (let halving = 0; nextLoss > loss && halving < maxHalvings; halving += 1) {
      next = Matrix.add(beta, step.mul(0.5))
      nextLoss = penalisedLoss(design, outcome, next, ridge)
    }
    const gained = loss - nextLoss
    if (gained > 0) [beta, loss] = [next, nextLoss]
    if (gained <= tolerance * (1 + Math.abs(loss))) {
      const [intercept = 0, ...weights] = beta.to1DArray()
      return { intercept, weights, iterations: iteration }
    }
  }
  throw failure(`Training did not converge in ${maxIterations} iterations`)
}

const newtonStep = (design: Matrix, outcome: Matrix, beta: Matrix, ridge: number): Matrix => {
  const probabilities = design.mmul(beta).to1DArray().map(sigmoid)
  const weighted = design.clone()
  for (const [row, p] of probabilities.entries()) weighted.mulRow(row, p * (1 - p))
  const transposed = design.transpose()
  const curvature = transposed.mmul(weighted)
  const slope = transposed.mmul(Matrix.sub(outcome, Matrix.columnVector(probabilities)))
  for (let column = 1; column < design.columns; column += 1) {
    curvature.set(column, column, curvature.get(column, column) + ridge)
    slope.set(column, 0, slope.get(column, 0) - ridge * beta.get(column, 0))
  }
  return new CholeskyDecomposition(symmetric(curvature)).solve(slope)
}

/** Rounding leaves the two halves apart by a bit, and the decomposition refuses what is not exactly symmetric. */
const symmetric = (matrix: Matrix): Matrix => Matrix.add(matrix, matrix.transpose()).mul(0.5)

const penalisedLoss = (design: Matrix, outcome: Matrix, beta: Matrix, ridge: number): number => {
  let loss = 0
  design
    .mmul(beta)
    .to1DArray()
    .forEach((logit, row) => {
      // log(1 + e^z) - y·z, written so that no exponential overflows.
      loss += Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - outcome.get(row, 0) * logit
    })
  const [, ...weights] = beta.to1DArray()
  return loss + (ridge / 2) * weights.reduce((sum, weight) => sum + weight * weight, 0)
}
