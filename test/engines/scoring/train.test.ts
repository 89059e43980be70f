import { expect, test } from 'vitest'
import { failureOf, newWorld, pathOf } from './world.ts'

const modelPath = 'scoring/models/model_BATCH_001.json'

const labelled = async (parties = 100) => {
  const world = newWorld()
  await world.run('ingest', 'BATCH_001', { parties })
  await world.run('label')
  return world
}

const trainedElsewhere = async () => (await labelled()).run('train')

test('a model is written with all that is needed to check it', async () => {
  const world = await labelled()
  const { output } = await world.run('train')
  const model = world.document(modelPath)
  expect(output).toEqual({ model_id: 'model_BATCH_001', auc_roc: (model.metrics as { auc_roc: number }).auc_roc })
  expect(model).toMatchObject({ batch: 'BATCH_001', seed: ['split', 'BATCH_001'], observation_window_days: 180 })
  expect(model.weights).toHaveLength(16)
  expect(model.train).toMatchObject({ rows: 80, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(model.test).toMatchObject({ rows: 20 })
  expect(Object.keys(model.metrics ?? {})).toEqual(['auc_roc', 'log_loss', 'brier', 'ks', 'train_auc_roc'])
})

test('training again gives the same model, and other labels another', async () => {
  const world = await labelled()
  const first = await world.run('train')
  expect(JSON.stringify((await world.run('train')).documents[0])).toBe(
    JSON.stringify(first.documents.find((document) => document.path === modelPath)),
  )
  const labels = world.table(pathOf('labels.parquet'))
  const [one, ...rest] = labels
  world.tables.set(pathOf('labels.parquet'), [{ ...one, defaulted: one?.defaulted === 1 ? 0 : 1 }, ...rest])
  const partsOf = async () => [world.document(modelPath).train, world.document(modelPath).test]
  const before = await partsOf()
  await world.run('train', 'BATCH_001', { auc_threshold: 0 })
  expect(await partsOf()).not.toEqual(before)
})

test('too few samples fail with both numbers', async () => {
  const world = await labelled(50)
  expect(await failureOf(world.run('train'))).toBe('Insufficient samples: 50 < 100')
  expect(await failureOf(world.run('train', 'BATCH_001', { min_samples: 51 }))).toBe('Insufficient samples: 50 < 51')
  await world.run('train', 'BATCH_001', { min_samples: 50, auc_threshold: 0 })
})

test('an AUC below the threshold fails with both numbers and leaves no model', async () => {
  const world = await labelled()
  const { output } = await trainedElsewhere()
  const message = await failureOf(world.run('train', 'BATCH_001', { auc_threshold: 1 }))
  expect(message).toBe(`AUC below threshold: ${output.auc_roc} < 1`)
  expect(world.documents.has(modelPath)).toBe(false)
})

test('an AUC that is exactly the threshold passes', async () => {
  const world = await labelled()
  const { output } = await trainedElsewhere()
  await world.run('train', 'BATCH_001', { auc_threshold: output.auc_roc ?? 0 })
})

test('labels of one class cannot be learned from', async () => {
  const world = await labelled()
  const path = pathOf('labels.parquet')
  world.tables.set(
    path,
    world.table(path).map((row) => ({ ...row, defaulted: 0 })),
  )
  expect(await failureOf(world.run('train'))).toBe('Training needs both classes: 0 of 100 labels are 1')
})

test('a label that is neither 0 nor 1 is refused', async () => {
  const world = await labelled()
  const path = pathOf('labels.parquet')
  world.tables.set(
    path,
    world.table(path).map((row) => ({ ...row, defaulted: 'no' })),
  )
  expect(await failureOf(world.run('train'))).toBe(`${path}: column 'defaulted' must hold 0 or 1`)
})

test('a feature that is the same for everyone weighs nothing', async () => {
  const world = await labelled()
  // On a single day of December nobody has two incomes, so there is no variation to speak of.
  await world.run('train', 'BATCH_001', { observation_window_days: 1, auc_threshold: 0 })
  const weights = world.document(modelPath).weights as { feature: string; sd: number; weight: number }[]
  expect(weights.find((each) => each.feature === 'income_variation')).toMatchObject({ sd: 1, weight: 0 })
  expect(weights.every((each) => Number.isFinite(each.weight))).toBe(true)
})

test('the share of the test part is what was asked for', async () => {
  const world = await labelled()
  await world.run('train', 'BATCH_001', { test_size: 0.4, auc_threshold: 0 })
  expect(world.document(modelPath)).toMatchObject({ test_size: 0.4, train: { rows: 60 }, test: { rows: 40 } })
})

test('an unknown batch is not found, by any step that needs one', async () => {
  const world = newWorld()
  for (const step of ['features', 'score', 'label', 'train'] as const) {
    expect(await failureOf(world.run(step, 'BATCH_002'))).toBe('Batch not found')
  }
})

test('nearly every batch passes the default threshold', async () => {
  let passed = 0
  for (let number = 1; number <= 60; number += 1) {
    const world = newWorld()
    const batch = `batch-${number}`
    await world.run('ingest', batch)
    const { output } = await world.run('train', batch, { auc_threshold: 0 })
    if (Number(output.auc_roc) >= 0.6) passed += 1
  }
  expect(passed).toBeGreaterThanOrEqual(57)
})
