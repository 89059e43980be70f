import { expect, test } from 'vitest'
import { newWorld, pathOf } from './world.ts'

const chain = ['ingest', 'features', 'score', 'label', 'train', 'refine'] as const
const config = { scorecard_version: 'v1', observation_window_days: 180, blend_factor: 0.5 }

test('the whole chain gives the outputs of the batch document', async () => {
  const world = newWorld()
  const outputs = []
  for (const step of chain) outputs.push((await world.run(step, 'BATCH_001', config)).output)
  expect(outputs).toEqual([
    { parties_created: 100 },
    { features_extracted: 1600 },
    { parties_scored: 100 },
    { labels_generated: 100 },
    { model_id: 'model_BATCH_001', auc_roc: expect.any(Number) },
    { new_version: 'ml_v20240115' },
  ])
  expect(Number(outputs[4]?.auc_roc)).toBeGreaterThanOrEqual(0.6)
})

test('the chain run twice leaves the same files, byte for byte', async () => {
  const files = async () => {
    const world = newWorld()
    for (const step of chain) await world.run(step)
    return JSON.stringify([[...world.tables], [...world.documents]])
  }
  expect(await files()).toBe(await files())
})

test('each step names what it read and nothing that was not there', async () => {
  const world = newWorld()
  const reads: Record<string, string[]> = {}
  for (const step of chain) reads[step] = (await world.run(step)).reads
  const paths = (...files: string[]) => files.map((file) => pathOf(file))
  expect(reads).toEqual({
    ingest: [],
    features: paths('parties.parquet', 'transactions.parquet'),
    score: paths('parties.parquet', 'features.json', 'features.parquet'),
    label: paths('parties.parquet'),
    train: paths('parties.parquet', 'features.json', 'features.parquet', 'labels.parquet'),
    refine: ['scoring/scorecards/v1.json', 'scoring/models/model_BATCH_001.json'],
  })
})

const written = (result: { tables: { path: string }[] }) => result.tables.map((table) => table.path)

test('scoring after ingest alone computes the features, and only once', async () => {
  const world = newWorld()
  await world.run('ingest')
  expect(written(await world.run('score'))).toEqual([pathOf('features.parquet'), pathOf('scores.parquet')])
  expect(written(await world.run('score'))).toEqual([pathOf('scores.parquet')])
})

test('scoring with another window computes the features again', async () => {
  const world = newWorld()
  await world.run('ingest')
  await world.run('features')
  const result = await world.run('score', 'BATCH_001', { observation_window_days: 90 })
  expect(written(result)).toContain(pathOf('features.parquet'))
  expect(world.document(pathOf('features.json'))).toMatchObject({ observation_window_days: 90 })
})

test('features that are not what their note says are computed again', async () => {
  const world = newWorld()
  await world.run('ingest')
  await world.run('features')
  const honest = world.table(pathOf('features.parquet'))
  for (const spoil of [{ late_share: 0.123 }, { late_share: 'none' }, { late_share: null }]) {
    world.tables.set(
      pathOf('features.parquet'),
      honest.map((row) => ({ ...row, ...spoil })),
    )
    await world.run('score')
    expect(world.table(pathOf('features.parquet'))).toEqual(honest)
  }
})

test('training after ingest alone makes features and labels, the same that their own steps make', async () => {
  const [whole, short] = [newWorld(), newWorld()]
  for (const step of ['ingest', 'features', 'label', 'train'] as const) await whole.run(step)
  for (const step of ['ingest', 'train'] as const) await short.run(step)
  for (const file of ['features.parquet', 'labels.parquet']) {
    expect(short.table(pathOf(file))).toEqual(whole.table(pathOf(file)))
  }
  expect(short.documents).toEqual(whole.documents)
})

test('a batch ingested again with another size forgets its old features and labels', async () => {
  const world = newWorld()
  for (const step of ['ingest', 'features', 'label'] as const) await world.run(step)
  await world.run('ingest', 'BATCH_001', { parties: 120 })
  expect((await world.run('score')).output).toEqual({ parties_scored: 120 })
  await world.run('train')
  expect(world.table(pathOf('labels.parquet'))).toHaveLength(120)
})

test('features of other parties are not taken for these', async () => {
  const world = newWorld()
  for (const step of ['ingest', 'features'] as const) await world.run(step)
  const [one, ...rest] = world.table(pathOf('parties.parquet'))
  world.tables.set(pathOf('parties.parquet'), [...rest, { ...one, party_id: 'someone-else' }])
  await world.run('score')
  expect(world.table(pathOf('scores.parquet')).map((row) => row.party_id)).toContain('someone-else')
})
