import { expect, test } from 'vitest'
import type { ColumnInput, ColumnLineage } from '../../../../src/domain/run/lineage.ts'
import { loadManifests } from '../../../../src/manifests/directory.ts'
import { manifestOf, openBench, samples } from '../support/bench.ts'

const input = (name: string, column: string, ...influences: ColumnInput['influences']): ColumnInput => ({
  namespace: 'file://acme',
  name,
  column,
  influences,
})

const csv = (path: string) => ({ type: 'csv', path })
const sqlSteps = (steps: Record<string, string>) =>
  Object.entries(steps).map(([name, sql]) => ({ name, type: 'sql', sql }))

test('a run over files of each kind records where the columns of its sinks come from', async () => {
  const bench = await openBench()
  await bench.write('people.csv', 'Name,age\nAda,36\n')
  await bench.write('towns.json', '[{"name": "Ada", "town": {"zip": 1}}]')
  const manifest = manifestOf({
    sources: { people: csv('people.csv'), towns: { type: 'json', path: 'towns.json' } },
    transformations: sqlSteps({
      joined: 'select people.name, age * 12 as months, town from people join towns using (name) where age > $least',
      counted: 'select count(*) as people from joined',
    }),
    parameters: { least: { type: 'integer', default: 3 } },
    sinks: {
      all: { type: 'parquet', from: 'joined', path: 'all.parquet' },
      count: { type: 'json', from: 'counted', path: 'count.json' },
      copy: { type: 'csv', from: 'people', path: 'copy.csv' },
    },
  })
  const { load_all, load_count, load_copy, joined } = await bench.run(manifest)
  const decides = [
    input('people.csv', 'Name', 'JOIN'),
    input('people.csv', 'age', 'FILTER'),
    input('towns.json', 'name', 'JOIN'),
  ]
  expect(joined?.lineage).toBeNull()
  expect(load_all?.lineage?.columns).toEqual([
    {
      output: { namespace: 'file://acme', name: 'all.parquet' },
      columns: [
        { name: 'Name', inputs: [input('people.csv', 'Name', 'IDENTITY')] },
        { name: 'months', inputs: [input('people.csv', 'age', 'TRANSFORMATION')] },
        { name: 'town', inputs: [input('towns.json', 'town', 'IDENTITY')] },
      ],
      rows: decides,
    },
  ] satisfies ColumnLineage[])
  expect(load_count?.lineage?.columns).toMatchObject([{ columns: [{ name: 'people', inputs: decides }], rows: [] }])
  expect(load_copy?.lineage?.columns).toMatchObject([{ columns: [{ name: 'Name' }, { name: 'age' }], rows: [] }])
})

test('an attempt that goes on with the tables of another records the same', async () => {
  const bench = await openBench()
  await bench.write('in.csv', 'x,y\n1,2\n')
  const manifest = manifestOf({
    sources: { in: csv('in.csv') },
    transformations: sqlSteps({ one: 'select x + y as z from "in"', two: 'select z from one where z > 1' }),
    sinks: { out: { type: 'csv', from: 'two', path: 'out.csv' } },
  })
  const whole = await bench.run(manifest, { run: 'run-2' })
  await bench.run(manifest, { stages: ['one', 'two'] })
  const resumed = await bench.run(manifest, { attempt: 2, completedStages: ['one', 'two'], stages: ['load_out'] })
  expect(resumed.load_out?.lineage).toEqual(whole.load_out?.lineage)
  expect(resumed.load_out?.lineage?.columns?.[0]?.rows).toEqual([
    input('in.csv', 'x', 'FILTER'),
    input('in.csv', 'y', 'FILTER'),
  ])
})

test('what nobody can say of a column fails no run, and keeps nothing from the next sink', async () => {
  const bench = await openBench()
  await bench.write('in.csv', 'x,y\n1,2\n')
  const manifest = manifestOf({
    sources: { in: csv('in.csv') },
    transformations: sqlSteps({
      a: 'with recursive r(i) using key (i) as (select x from "in" union select i + 1 from r where i < 3) from r',
      // DuckDB 1.5 runs it and fails to write its plan down.
      b: 'select v, o from unnest([5]) with ordinality g(v, o)',
      c: 'select y from "in"',
    }),
    sinks: Object.fromEntries(['a', 'b', 'c'].map((from) => [from, { type: 'csv', from, path: `${from}.csv` }])),
  })
  const { load_a, load_b, load_c } = await bench.run(manifest)
  const unknown = (name: string) => ({ name, inputs: [], unknown: true })
  expect(load_a?.lineage?.columns).toMatchObject([{ columns: [unknown('i')], rows: [] }])
  expect(load_b?.lineage?.columns).toMatchObject([{ columns: [unknown('v'), unknown('o')], rows: [] }])
  expect(load_c?.lineage?.columns?.[0]?.columns).toEqual([{ name: 'y', inputs: [input('in.csv', 'y', 'IDENTITY')] }])
})

test('more than an event may hold is left out, and said to be', async () => {
  const bench = await openBench()
  const names = Array.from({ length: 120 }, (_, at) => `a_column_with_a_name_that_is_rather_long_${at}`)
  await bench.write('in.csv', `${names.join(',')}\n${names.map(() => 1).join(',')}\n`)
  const sums = names.map((_, at) => `greatest(*columns(*)) + ${at} as s${at}`)
  const manifest = manifestOf({
    sources: { in: csv('in.csv') },
    transformations: sqlSteps({ a: `select ${sums.join(', ')} from "in"` }),
    sinks: { out: { type: 'csv', from: 'a', path: 'out.csv' }, in: { type: 'csv', from: 'in', path: 'copy.csv' } },
  })
  const { load_out, load_in } = await bench.run(manifest)
  const output = { namespace: 'file://acme', name: 'out.csv' }
  expect(load_out?.lineage?.columns).toEqual([{ output, columns: [], rows: [], leftOut: true }])
  expect(load_in?.lineage?.columns?.[0]?.columns).toHaveLength(120)
})

test('the routes of flights-daily come from four columns of the flights', async () => {
  const bench = await openBench({ samplesDir: samples })
  const { manifests } = await loadManifests('pipelines')
  const manifest = manifests.find((each) => each.manifest.name === 'flights-daily')?.manifest
  if (manifest === undefined) throw new Error('no flights-daily')
  const { load_routes } = await bench.run(manifest, { partition: '2001-01-01' })
  const of = (column: string, ...influences: ColumnInput['influences']) =>
    input('flights-3m.parquet', column, ...influences)
  expect(load_routes?.lineage?.columns).toEqual([
    {
      output: { namespace: 'file://acme', name: 'routes/2001-01-01.parquet' },
      columns: [
        { name: 'origin', inputs: [of('origin', 'IDENTITY')] },
        { name: 'destination', inputs: [of('destination', 'IDENTITY')] },
        { name: 'flights', inputs: [] },
        { name: 'delay', inputs: [of('delay', 'AGGREGATION')] },
      ],
      rows: [
        of('date', 'FILTER'),
        of('delay', 'SORT'),
        of('destination', 'GROUP_BY', 'SORT'),
        of('origin', 'GROUP_BY', 'SORT'),
      ],
    },
  ])
})
