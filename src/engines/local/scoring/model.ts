import type { JsonValue } from '../../../domain/json.ts'
import { fieldsOf } from './fields.ts'
import { type Linear, parseWeights } from './scorecard.ts'

/** Of the test part, which the fit has not seen; but `train_auc_roc`, which shows how much it has overfitted. */
export type ModelMetrics = { auc_roc: number; log_loss: number; brier: number; ks: number; train_auc_roc: number }

/** Rows and defaults of one part, and the SHA-256 of its rows with their labels. */
export type ModelPart = { rows: number; defaults: number; sha256: string }

/** A model document: `scoring/models/model_<batch>.json`. */
export type Model = Linear & {
  model_id: string
  batch: string
  requested_at: string
  observation_window_days: number
  /** Names of the random stream that drew the split. */
  seed: string[]
  ridge: number
  iterations: number
  test_size: number
  train: ModelPart
  test: ModelPart
  metrics: ModelMetrics
}

/** What a refinement needs of a stored model. */
export type StoredModel = Linear & { model_id: string; auc_roc: number }

export const parseModel = (json: JsonValue, what: string): StoredModel => {
  const model = fieldsOf(json, what)
  return {
    model_id: model.text('model_id'),
    intercept: model.number('intercept'),
    weights: parseWeights(model.list('weights'), what),
    auc_roc: fieldsOf(model.value('metrics'), `${what}: metrics`).number('auc_roc'),
  }
}
