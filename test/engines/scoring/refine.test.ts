import { expect, test } from 'vitest'
import { parseFeatures } from '../../../src/engines/local/scoring/feature-table.ts'
import { parseModel } from '../../../src/engines/local/scoring/model.ts'
import { logitOf, parseScorecard } from '../../../src/engines/local/scoring/scorecard.ts'
import { steps } from '../../../src/engines/local/scoring/steps.ts'
import { failureOf, newWorld, pathOf, requestedAt } from './world.ts'

const trained = async () => {
  const world = newWorld()
  await world.run('ingest')
  await world.run('train')
  return world
}
const cardPath = (version: unknown) => `scoring/scorecards/${version}.json`
const later = '2024-01-15T23:59:59.999Z'

test('the new version is named after the day of the request, in UTC', async () => {
  const refineAt = async (at: string) => (await (await trained()).run('refine', 'BATCH_001', {}, at)).output
  expect(await refineAt(requestedAt)).toEqual({ new_version: 'ml_v20240115' })
  expect(await refineAt('2024-01-15T23:30:00-02:00')).toEqual({ new_version: 'ml_v20240116' })
})

test.each([0, 1])('a blend factor of %d is one pure end', async (share) => {
  const world = await trained()
  const { output } = await world.run('refine', 'BATCH_001', { blend_factor: share })
  const refined = parseScorecard(world.document(cardPath(output.new_version)), 'refined')
  const pure =
    share === 0
      ? parseScorecard(world.document(cardPath('v1')), 'v1')
      : parseModel(world.document('scoring/models/model_BATCH_001.json'), 'model')
  for (const row of world.table(pathOf('features.parquet'))) {
    const features = parseFeatures(row, 'features')
    expect(logitOf(refined, features)).toBeCloseTo(logitOf(pure, features), 9)
  }
})

test('a refined scorecard says where it comes from', async () => {
  const world = await trained()
  const { output } = await world.run('refine', 'BATCH_001', { blend_factor: 0.3 })
  expect(world.document(cardPath(output.new_version)).origin).toMatchObject({
    base: 'v1',
    model_id: 'model_BATCH_001',
    blend_factor: 0.3,
    requested_at: requestedAt,
  })
})

test('a second refinement of the day gets a name of its own and leaves the first as it is', async () => {
  const world = await trained()
  await world.run('refine')
  const first = world.documents.get(cardPath('ml_v20240115'))
  expect((await world.run('refine', 'BATCH_001', {}, later)).output).toEqual({ new_version: 'ml_v20240115_2' })
  const third = await world.run('refine', 'BATCH_001', {}, '2024-01-15T12:00:00.000Z')
  expect(third.output).toEqual({ new_version: 'ml_v20240115_3' })
  expect(world.documents.get(cardPath('ml_v20240115'))).toBe(first)
})

test('the same run executed again gives the same version with the same contents', async () => {
  const world = await trained()
  const first = await world.run('refine')
  await world.run('refine', 'BATCH_001', {}, later)
  const documents = new Map(world.documents)
  expect((await world.run('refine')).output).toEqual(first.output)
  expect((await world.run('refine', 'BATCH_001', {}, later)).output).toEqual({ new_version: 'ml_v20240115_2' })
  expect(world.documents).toEqual(documents)
})

test('runs of two batches at one time get names of their own', async () => {
  const world = await trained()
  await world.run('ingest', 'BATCH_002')
  await world.run('train', 'BATCH_002')
  const batches = ['BATCH_001', 'BATCH_002']
  const results = await Promise.all(batches.map((batch) => steps.refine(world.contextOf(batch))))
  expect(results.map(({ output }) => output.new_version).sort()).toEqual(['ml_v20240115', 'ml_v20240115_2'])
})

test('a scorecard that was published without a reservation keeps its name', async () => {
  const world = await trained()
  world.documents.set(cardPath('ml_v20240115'), '{}')
  expect((await world.run('refine')).output).toEqual({ new_version: 'ml_v20240115_2' })
  expect(world.documents.get(cardPath('ml_v20240115'))).toBe('{}')
})

test('a refinement that fails takes no name', async () => {
  const world = await trained()
  await failureOf(world.run('refine', 'BATCH_002'))
  expect((await world.run('refine')).output).toEqual({ new_version: 'ml_v20240115' })
})

test('a refined scorecard can be scored with and refined again', async () => {
  const world = await trained()
  await world.run('refine')
  await world.run('score', 'BATCH_001', { scorecard_version: 'ml_v20240115' })
  expect(world.table(pathOf('scores.parquet'))[0]).toMatchObject({ scorecard_version: 'ml_v20240115' })
  const again = await world.run('refine', 'BATCH_001', { scorecard_version: 'ml_v20240115' }, later)
  expect(world.document(cardPath(again.output.new_version)).origin).toMatchObject({ base: 'ml_v20240115' })
})

test('without a model there is nothing to refine with', async () => {
  expect(await failureOf(newWorld().run('refine'))).toBe("Model 'model_BATCH_001' not found")
})

test('a blend factor beyond 0..1 is refused by its name', async () => {
  const world = await trained()
  const refining = world.run('refine', 'BATCH_001', { blend_factor: 1.1 })
  expect(await failureOf(refining)).toBe("Parameter 'blend_factor' must be a number from 0 to 1")
})
