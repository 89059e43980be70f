import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parameterSpecs } from '../../../src/engines/local/scoring/parameters.ts'
import { steps } from '../../../src/engines/local/scoring/steps.ts'

const read = (name: string) => parse(readFileSync(new URL(`../../../pipelines/${name}.yaml`, import.meta.url), 'utf8'))

const all = [
  ['ingest_synthetic_batch', 'ingest'],
  ['extract_features', 'features'],
  ['score_batch', 'score'],
  ['generate_scorecard_labels', 'label'],
  ['train_model_asset', 'train'],
  ['refine_scorecard', 'refine'],
]
const documented = [
  'scorecard_version',
  'observation_window_days',
  'blend_factor',
  'test_size',
  'min_samples',
  'auc_threshold',
]

test.each([
  ['full_scoring_pipeline', all],
  ['ingest_pipeline', all.slice(0, 1)],
  ['feature_extraction_pipeline', all.slice(1, 2)],
  ['scoring_pipeline', all.slice(2, 3)],
  ['ml_training_pipeline', all.slice(4, 6)],
])('%s has its documented stages and accepts every documented parameter', (name, stages) => {
  const manifest = read(name)
  expect(manifest).toMatchObject({ name, version: '1.0.0', title: expect.any(String), description: expect.any(String) })
  expect(manifest.transformations).toEqual(stages.map(([stage, step]) => ({ name: stage, type: 'scoring', step })))
  for (const { step } of manifest.transformations) expect(Object.keys(steps)).toContain(step)
  for (const parameter of documented) expect(Object.keys(manifest.parameters)).toContain(parameter)
  for (const [parameter, spec] of Object.entries(manifest.parameters)) {
    const known = parameterSpecs[parameter as keyof typeof parameterSpecs]
    expect({ minimum: null, maximum: null, ...(spec as object) }).toEqual(known)
  }
  const orchestration = { engine: 'local', partition: { type: 'any' }, retries: 1, timeout_seconds: 600 }
  expect(manifest.orchestration).toEqual(orchestration)
})
