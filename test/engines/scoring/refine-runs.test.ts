import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { steps } from '../../../src/engines/local/scoring/steps.ts'
import { acme, filesOf, manifestOf, openBench, runId } from '../local/support/bench.ts'
import { newWorld } from './world.ts'

const manifest = manifestOf({ transformations: [{ name: 'refine', type: 'scoring', step: 'refine' }] })
const cardPath = (version: unknown) => `scoring/scorecards/${version}.json`

/** An engine with two batches' models, and runs of `refine` on them, all requested at one time. */
const refining = async () => {
  const bench = await openBench({ steps: { refine: steps.refine } })
  for (const batch of ['one', 'two']) {
    const world = newWorld()
    await world.run('ingest', batch)
    await world.run('train', batch)
    const path = `scoring/models/model_${batch}.json`
    await bench.write(path, JSON.stringify(world.document(path)))
  }
  const run = (batch: string, attempt = 1) => bench.run(manifest, { run: `run-${batch}`, partition: batch, attempt })
  const publish = (batch: string, results: Awaited<ReturnType<typeof run>>) =>
    bench.engine.publish(acme, runId(`run-${batch}`), filesOf(results))
  return { bench, run, publish }
}

test('two runs of one day that refine before either has published keep a scorecard each', async () => {
  const { bench, run, publish } = await refining()
  const [one, two] = await Promise.all([run('one'), run('two')])
  const versions = [one, two].map((results) => results.refine?.output.new_version)
  expect([...versions].sort()).toEqual(['ml_v20260101', 'ml_v20260101_2'])
  await publish('one', one)
  await publish('two', two)
  const cards = await Promise.all(versions.map(async (version) => JSON.parse(await bench.read(cardPath(version)))))
  expect(cards.map(({ version, origin }) => [version, origin.model_id])).toEqual([
    [versions[0], 'model_one'],
    [versions[1], 'model_two'],
  ])
})

test('an attempt after a crash gives the same scorecard, whatever other runs have done since', async () => {
  const { bench, run } = await refining()
  await run('one')
  const before = await run('two')
  await bench.engine.discard(acme, runId('run-one'))
  const again = await run('two', 2)
  expect(again.refine?.output).toEqual({ new_version: 'ml_v20260101_2' })
  expect(again.refine?.files.map(({ sha256 }) => sha256)).toEqual(before.refine?.files.map(({ sha256 }) => sha256))
})

test('a removed scorecard lends its name to no other', async () => {
  const { bench, run, publish } = await refining()
  await publish('one', await run('one'))
  await rm(join(bench.root, cardPath('ml_v20260101')))
  expect((await run('two')).refine?.output).toEqual({ new_version: 'ml_v20260101_2' })
})
