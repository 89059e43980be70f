import { featureValues, hashRows, type PartyFeatures } from './feature-table.ts'
import { featureNames } from './features.ts'
import { auc, brier, type Judged, kolmogorovSmirnov, logLoss } from './metrics.ts'
import type { Model, ModelMetrics, ModelPart } from './model.ts'
import { seeded, sigmoid } from './random.ts'
import { type Linear, logitOf } from './scorecard.ts'
import { stratifiedSplit } from './split.ts'
import { columnScales, standardised } from './standardise.ts'

/** Sixteen correlated columns on 80 rows need a firm hand; on thousands of rows it is hardly felt. */
export const ridge = 8

/** A party with its features and what became of it: 1 is a default. */
interface Sample {
  row: PartyFeatures
  label: number
}

type Trained = Linear & Pick<Model, 'iterations' | 'train' | 'test' | 'metrics'>

/** Depends on the samples, in their order, and on the seed alone. Means and deviations are of the training part. */
export const trainOn = async (samples: readonly Sample[], testSize: number, seed: string[]): Promise<Trained> => {
  const split = stratifiedSplit(
    samples.map((sample) => sample.label),
    testSize,
    seeded(...seed),
  )
  const pick = (rows: readonly number[]) => rows.flatMap((row) => samples[row] ?? [])
  const [train, test] = [pick(split.train), pick(split.test)]
  const values = train.map((sample) => featureValues(sample.row))
  const scales = columnScales(values)
  // Only now: few processes ever train, and the algebra takes a while to load.
  const { fitLogistic } = await import('./logistic.ts')
  const fit = await fitLogistic(
    standardised(values, scales),
    train.map((sample) => sample.label),
    ridge,
  )
  const weights = featureNames.map((feature, column) => ({
    feature,
    mean: scales[column]?.mean ?? 0,
    sd: scales[column]?.sd ?? 1,
    weight: fit.weights[column] ?? 0,
  }))
  const linear = { intercept: fit.intercept, weights }
  const metrics = judge(linear, train, test)
  return { ...linear, iterations: fit.iterations, train: await partOf(train), test: await partOf(test), metrics }
}

const judge = (linear: Linear, train: readonly Sample[], test: readonly Sample[]): ModelMetrics => {
  const judged = judgedBy(linear, test)
  return {
    auc_roc: rounded(auc(judged)),
    log_loss: rounded(logLoss(judged)),
    brier: rounded(brier(judged)),
    ks: rounded(kolmogorovSmirnov(judged)),
    train_auc_roc: rounded(auc(judgedBy(linear, train))),
  }
}

const judgedBy = (linear: Linear, samples: readonly Sample[]): Judged => ({
  scores: samples.map((sample) => sigmoid(logitOf(linear, sample.row))),
  labels: samples.map((sample) => sample.label),
})

const partOf = async (samples: readonly Sample[]): Promise<ModelPart> => ({
  rows: samples.length,
  defaults: samples.filter((sample) => sample.label === 1).length,
  sha256: await hashRows(
    samples.map(({ row, label }) => ({ ...row, label })),
    ({ label }) => [label],
  ),
})

/** Four decimals: a threshold is compared with what is shown, so that no message says 0.6 < 0.6. */
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4
