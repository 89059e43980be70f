import type { Step } from '../step.ts'
import { ensureFeatures } from './extract.ts'
import { ensureLabels } from './labels.ts'
import type { Model } from './model.ts'
import { numberParameter } from './parameters.ts'
import { ridge, trainOn } from './training.ts'
import { beginWork, failure } from './work.ts'

/** Stage `train_model_asset`: fits default on features, judges the fit on parties that it has not seen. */
export const train: Step = async (context) => {
  const work = beginWork(context)
  const rows = await ensureFeatures(work)
  const labels = await ensureLabels(work)
  const least = numberParameter(context.parameters, 'min_samples')
  const threshold = numberParameter(context.parameters, 'auc_threshold')
  if (rows.length < least) throw failure(`Insufficient samples: ${rows.length} < ${least}`)
  const samples = rows.map((row) => ({ row, label: labels.get(row.party_id) ?? 0 }))
  const seed = ['split', context.batch]
  const test_size = numberParameter(context.parameters, 'test_size')
  const trained = await trainOn(samples, test_size, seed)
  const { auc_roc } = trained.metrics
  if (!(auc_roc >= threshold)) throw failure(`AUC below threshold: ${auc_roc} < ${threshold}`)
  const model: Model = {
    model_id: `model_${context.batch}`,
    batch: context.batch,
    requested_at: context.requestedAt,
    observation_window_days: numberParameter(context.parameters, 'observation_window_days'),
    seed,
    ridge,
    test_size,
    ...trained,
  }
  work.writeDocument(work.paths.model, model)
  return work.result({ model_id: model.model_id, auc_roc })
}
