import { describe, expect, test } from 'vitest'
import type { StepResult } from '../../../src/engines/local/step.ts'
import { columnsOf } from '../../support/run-events.ts'
import { manifestOf, openBench } from './support/bench.ts'

/** What the stages of a manifest tell of the sinks that they wrote, by stage. */
const told = async (manifest: object, files: Record<string, string> = {}) => {
  const bench = await openBench()
  for (const [path, text] of Object.entries(files)) await bench.write(path, text)
  const results = await bench.run(manifestOf(manifest), { partition: 'p' })
  return Object.fromEntries(Object.entries(results).map(([stage, { schema }]) => [stage, schema]))
}

describe('the stage of a sink', () => {
  test.each(['parquet', 'csv', 'json'])(
    'tells its columns in their order, by the types of DuckDB, for %s',
    async (type) => {
      const sql = `select 1 as b, 2.50 as a, 'x' as "C d", date '2001-01-01' as day, [1] as list, {'k': 1} as s -- ends`
      const schema = await told({
        transformations: [{ name: 'made', type: 'sql', sql }],
        sinks: {
          'out-1': { type, from: 'made', path: '{partition}/out' },
          again: { type, from: 'made', path: 'again' },
        },
      })
      const columns = [
        { name: 'b', type: 'INTEGER' },
        { name: 'a', type: 'DECIMAL(3,2)' },
        { name: 'C d', type: 'VARCHAR' },
        { name: 'day', type: 'DATE' },
        { name: 'list', type: 'INTEGER[]' },
        { name: 's', type: 'STRUCT(k INTEGER)' },
      ]
      expect(schema).toEqual({
        made: undefined,
        'load_out-1': [{ sink: 'out-1', columns }],
        load_again: [{ sink: 'again', columns }],
      })
    },
  )

  test('tells them of a source that is passed on as it is, and of a result without rows', async () => {
    const schema = await told(
      {
        sources: { people: { type: 'csv', path: 'people.csv' } },
        transformations: [{ name: 'nobody', type: 'sql', sql: 'select age / 2 half from people where false' }],
        sinks: {
          people: { type: 'csv', from: 'people', path: 'out.csv' },
          nobody: { type: 'parquet', from: 'nobody', path: 'nobody.parquet' },
        },
      },
      { 'people.csv': 'name,age\nAda,36\n' },
    )
    expect(schema.load_people).toEqual([{ sink: 'people', columns: columnsOf('name:VARCHAR', 'age') }])
    expect(schema.load_nobody).toEqual([{ sink: 'nobody', columns: columnsOf('half:DOUBLE') }])
  })

  test('tells nothing of columns that take too much room for an event', async () => {
    const wide = (count: number) => Array.from({ length: count }, (_, n) => `${n} as column_number_${n}`).join(', ')
    const manifest = (count: number) => ({
      transformations: [{ name: 'wide', type: 'sql', sql: `select ${wide(count)}` }],
      sinks: { out: { type: 'csv', from: 'wide', path: 'wide.csv' } },
    })
    expect((await told(manifest(1_000))).load_out?.[0]?.columns).toHaveLength(1_000)
    expect((await told(manifest(1_700))).load_out).toBeUndefined()
  })
})

describe('a built-in step', () => {
  const made: StepResult = {
    output: {},
    tables: [
      { path: 'scoring/p/b.parquet', rows: [{ id: 1, name: null, share: 0.5, good: true }] },
      { path: 'scoring/p/a.parquet', rows: [{ id: 'x' }] },
    ],
    documents: [{ path: 'scoring/p/note.json', json: {} }],
    reads: [],
  }
  const manifest = manifestOf({ transformations: [{ name: 'make', type: 'scoring', step: 'ingest' }] })

  test('tells the columns of its tables, each by the name of its file, whatever the batch', async () => {
    const bench = await openBench({ steps: { ingest: async () => made } })
    const { make } = await bench.run(manifest, { partition: 'p' })
    expect(make?.schema).toEqual([
      { sink: 'b.parquet', columns: columnsOf('id', 'name:VARCHAR', 'share:DOUBLE', 'good:BOOLEAN') },
      { sink: 'a.parquet', columns: columnsOf('id:VARCHAR') },
    ])
  })

  test('that writes documents only tells of none', async () => {
    const bench = await openBench({ steps: { ingest: async () => ({ ...made, tables: [] }) } })
    expect(await bench.run(manifest, { partition: 'p' })).not.toHaveProperty('make.schema')
  })
})
