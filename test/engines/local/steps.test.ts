import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Row, Step, StepContext, StepResult } from '../../../src/engines/local/step.ts'
import { acme, filesOf, manifestOf, openBench, plainDuckDb, runId } from './support/bench.ts'

const manifest = manifestOf({
  parameters: { parties: { type: 'integer', default: 2 }, version: { type: 'string', default: 'v1' } },
  transformations: [
    { name: 'make', type: 'scoring', step: 'ingest' },
    { name: 'use', type: 'scoring', step: 'features' },
  ],
})
const partition = 'b1'

const writing =
  (result: Partial<StepResult>): Step =>
  async () => ({ output: {}, tables: [], documents: [], reads: [], ...result })

const table = (path: string, ...rows: Row[]) => ({ path, rows })

/** A bench whose second step does what a test asks. */
const twoSteps = async (made: Partial<StepResult>, use: (context: StepContext) => Promise<unknown>) => {
  let seen: unknown
  const features: Step = async (context) => {
    seen = await use(context)
    return { output: {}, tables: [], documents: [], reads: ['made/t.parquet'] }
  }
  const bench = await openBench({ steps: { ingest: writing(made), features } })
  return { bench, seen: () => seen }
}

describe('a built-in step', () => {
  test('is told the batch, the time of the request and its parameters with their defaults', async () => {
    const { bench, seen } = await twoSteps({}, async ({ batch, requestedAt, parameters }) => ({
      batch,
      requestedAt,
      parameters,
    }))
    await bench.run(manifest, { partition, parameters: { parties: 5 } })
    expect(seen()).toEqual({
      batch: 'b1',
      requestedAt: '2026-01-01T00:00:00.000Z',
      parameters: { parties: 5, version: 'v1' },
    })
  })

  test('has its tables and documents staged, and published when the run is', async () => {
    const made = {
      output: { parties_created: 2 },
      tables: [table('made/t.parquet', { id: 1, name: 'é' }, { id: 2, name: null })],
      documents: [{ path: 'made/d.json', json: { b: [1, null], a: 'ü' } }],
      reads: ['in/x.parquet'],
    }
    const { bench } = await twoSteps(made, async () => null)
    const { make } = await bench.publish(manifest, { partition })
    const dataset = (name: string) => ({ namespace: 'file://acme', name })
    expect(make).toMatchObject({
      output: { parties_created: 2 },
      rows: 2,
      lineage: { inputs: [dataset('in/x.parquet')], outputs: [dataset('made/t.parquet'), dataset('made/d.json')] },
    })
    expect(await plainDuckDb(`DESCRIBE FROM '${bench.root}/made/t.parquet'`)).toMatchObject([
      { column_name: 'id', column_type: 'BIGINT' },
      { column_name: 'name', column_type: 'VARCHAR' },
    ])
    expect(await bench.read('made/d.json')).toBe('{\n  "b": [\n    1,\n    null\n  ],\n  "a": "ü"\n}\n')
  })

  const made = {
    tables: [table('made/t.parquet', { a: 1 })],
    documents: [{ path: 'made/d.json', json: { a: 1 } }],
  }
  const readAll = async (context: StepContext) => [
    await context.readTable('made/t.parquet'),
    await context.readDocument('made/d.json'),
  ]
  const all = [[{ a: 1 }], { a: 1 }]

  test('reads what an earlier stage of this run has staged', async () => {
    const { bench, seen } = await twoSteps(made, readAll)
    const { use } = await bench.run(manifest, { partition })
    expect(seen()).toEqual(all)
    expect(use?.bytesRead).toBeGreaterThan(0)
  })

  test('reads it in a later attempt too', async () => {
    const { bench, seen } = await twoSteps(made, readAll)
    await bench.run(manifest, { partition, stages: ['make'] })
    await bench.run(manifest, { partition, attempt: 2, completedStages: ['make'], stages: ['use'] })
    expect(seen()).toEqual(all)
  })

  test('does not read what a stage has staged that was never reported as completed', async () => {
    const { bench, seen } = await twoSteps(made, readAll)
    await bench.run(manifest, { partition, stages: ['make'] })
    await bench.run(manifest, { partition, attempt: 2, stages: ['use'] })
    expect(seen()).toEqual([null, null])
  })

  test('reads what other runs have published, and its own run goes before that', async () => {
    const { bench, seen } = await twoSteps(made, readAll)
    await bench.write('made/d.json', '"older"')
    await bench.run(manifest, { partition, stages: ['use'] })
    expect(seen()).toEqual([null, 'older'])
    await bench.run(manifest, { run: 'run-2', partition })
    expect(seen()).toEqual(all)
  })

  test('fails when what a completed stage had staged is gone', async () => {
    const { bench } = await twoSteps(made, readAll)
    await bench.run(manifest, { partition, stages: ['make'] })
    await rm(join(bench.root, '.staging'), { recursive: true })
    const rest = bench.run(manifest, { partition, attempt: 2, completedStages: ['make'], stages: ['use'] })
    await expect(rest).rejects.toMatchObject({ code: 'OUTPUT_LOST', message: "What stage 'make' had staged is gone" })
  })

  test('may write one path twice in a run: the later file is published, once and again', async () => {
    const bench = await openBench({
      steps: {
        ingest: writing({ documents: [{ path: 'd.json', json: 1 }] }),
        features: writing({ documents: [{ path: 'd.json', json: 2 }] }),
      },
    })
    const results = await bench.publish(manifest, { partition })
    expect(filesOf(results)).toHaveLength(2)
    await bench.engine.publish(acme, runId('run-1'), filesOf(results))
    expect(await bench.read('d.json')).toBe('2\n')
  })

  test.each([
    ['a path that climbs', (context: StepContext) => context.readDocument('../x.json'), /holds '\.\.'/],
    ['the staging folder', (context: StepContext) => context.readTable('.staging/x.parquet'), /engine's own/],
    ['the reservations', (context: StepContext) => context.readDocument('.Reserved/x'), /engine's own/],
    ['a document that is none', (context: StepContext) => context.readDocument('bad.json'), /JSON/],
  ])('that reads %s fails', async (_, use, message) => {
    const { bench } = await twoSteps({}, use)
    await bench.write('bad.json', '{')
    await expect(bench.run(manifest, { partition })).rejects.toThrow(message)
  })

  test.each<[string, Partial<StepResult>, RegExp]>([
    ['outside the directory', { documents: [{ path: '/tmp/x', json: 1 }] }, /is absolute/],
    ['a table without rows', { tables: [table('t.parquet')] }, /without rows has no columns/],
    ['a column of two types', { tables: [table('t.parquet', { a: 1 }, { a: 'x' })] }, /'a' mixes integer and string/],
    ['a column that comes late', { tables: [table('t.parquet', { a: 1 }, { b: 1 })] }, /'b' is not in the first row/],
  ])('that writes %s fails', async (_, made, message) => {
    const { bench } = await twoSteps(made, async () => null)
    await expect(bench.run(manifest, { partition })).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: expect.stringMatching(message),
    })
  })

  test('needs a partition', async () => {
    const { bench } = await twoSteps({}, async () => null)
    await expect(bench.run(manifest)).rejects.toThrow('needs a partition')
  })
})
