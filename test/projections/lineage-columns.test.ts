import { expect, test } from 'vitest'
import { lineageEdgesTable, lineageShapesTable, lineageView } from '../../projections/lineage.ts'
import { type ColumnHop, type ColumnSearch, columnHopsFrom, knownColumn } from '../../projections/lineage-columns.ts'
import { lineageOfRun } from '../../projections/lineage-queries.ts'
import { statementsFor } from '../../projections/projection.ts'
import { ledgerEvents } from '../support/events.ts'
import { otherTenant, tenant } from '../support/ids.ts'
import { type ColumnsOf, datasetOf, observing, read, type Timed } from '../support/observed.ts'
import * as e from '../support/run-events.ts'

const ran = (...stages: Timed[1][]): Timed[] => [
  [0, e.requested()],
  ...stages.map((stage): Timed => [1, stage]),
  [2, e.succeeded()],
]
const made = (inputs: string[], output: string, columns: ColumnsOf) =>
  read('load', inputs, [output], { [output]: columns })

const asked = (from: string, column: string, over: Partial<ColumnSearch> = {}): ColumnSearch => ({
  from: [{ ...datasetOf(from), column }],
  way: 'upstream',
  depthMax: 50,
  countMax: 1_000,
  isDirectOnly: false,
  ...over,
})
const shown = (hops: readonly ColumnHop[]): string[] =>
  hops.map(
    ({ depth, input_name, input_column, influences, output_name, output_column }) =>
      `${depth}: ${input_name}.${input_column} -${influences.join(' ')}-> ${output_name}.${output_column}`,
  )

/** a and b make c; c makes d, of which `odd` is not known; d makes e, of whose columns nothing is. */
const chain = async () => {
  const told = observing()
  const c = { x: ['n|a|x IDENTITY'], sum: ['n|a|y AGGREGATION', 'n|b|y AGGREGATION'], rows: ['n|b|id JOIN'] }
  await told.tell('r1', ran(made(['n|a', 'n|b'], 'n|c', c)))
  await told.tell('r2', ran(made(['n|c'], 'n|d', { Double: ['n|c|sum TRANSFORMATION'], odd: ['unknown'] })))
  await told.tell('r3', ran(read('load', ['n|d'], ['n|e'])))
  const way = (from: string, column: string, over: Partial<ColumnSearch> = {}) =>
    shown(columnHopsFrom(told.reader, tenant, asked(from, column, over)).hops)
  return { ...told, way }
}

test('a column is followed from outputs to inputs through every stage, with how each comes into it', async () => {
  const { way } = await chain()
  expect(way('n|d', 'double')).toEqual([
    '1: c.sum -TRANSFORMATION-> d.Double',
    '2: a.y -AGGREGATION-> c.sum',
    '2: b.y -AGGREGATION-> c.sum',
    '2: b.id -JOIN-> c.sum',
  ])
  expect(way('n|d', 'Double', { depthMax: 1 })).toEqual(['1: c.sum -TRANSFORMATION-> d.Double'])
  expect(way('n|d', 'Double', { isDirectOnly: true })).toHaveLength(3)
})

test('a column is followed from inputs to outputs, what decides on rows to every column', async () => {
  const { way } = await chain()
  expect(way('n|a', 'y', { way: 'downstream' })).toEqual([
    '1: a.y -AGGREGATION-> c.sum',
    '2: c.sum -TRANSFORMATION-> d.Double',
    '2: c.null --> d.odd',
    '3: d.Double --> e.null',
  ])
  expect(way('n|b', 'ID', { way: 'downstream', depthMax: 1 })).toEqual(['1: b.id -JOIN-> c.x', '1: b.id -JOIN-> c.sum'])
})

test('where nobody knows, the way between the datasets is shown and not followed', async () => {
  const { way } = await chain()
  expect(way('n|d', 'odd')).toEqual(['1: c.null --> d.odd'])
  expect(way('n|e', 'anything')).toEqual(['1: d.null --> e.anything'])
})

test('a search says when it has more hops than it may tell', async () => {
  const { reader } = await chain()
  expect(columnHopsFrom(reader, tenant, asked('n|d', 'Double', { countMax: 4 })).isCut).toBe(false)
  const cut = columnHopsFrom(reader, tenant, asked('n|d', 'Double', { countMax: 3 }))
  expect([cut.isCut, cut.hops.length]).toEqual([true, 3])
})

test('a column is known by what was written or read, in any case of its letters', async () => {
  const { reader } = await chain()
  const known = (dataset: string, column: string, of = tenant) => knownColumn(reader, of, datasetOf(dataset), column)
  expect(known('n|d', 'DOUBLE')).toBe('Double')
  expect([known('n|a', 'y'), known('n|b', 'id')]).toEqual(['y', 'id'])
  expect([known('n|a', 'z'), known('n|b', 'x'), known('n|e', 'x'), known('n|d', 'Double', otherTenant)]).toEqual([
    null,
    null,
    null,
    null,
  ])
})

test('what a run did with other columns than the last counts from then on', async () => {
  const { tell, way } = await chain()
  await tell('r4', ran(made(['n|a', 'n|b'], 'n|c', { sum: ['n|b|z IDENTITY'] })))
  expect(way('n|c', 'sum')).toEqual(['1: b.z -IDENTITY-> c.sum'])
  expect(way('n|c', 'x')).toEqual([])
})

test('outputs of the same columns share what is known of them, whatever they are called', async () => {
  const { tell, reader } = observing()
  const columns = { x: ['n|a|x IDENTITY'] }
  for (const day of ['1', '2', '3']) await tell(`r${day}`, ran(made(['n|a'], `n|out/${day}`, columns)))
  const shapes = reader.all<{ shape: string }>(`select shape from ${lineageShapesTable}`)
  const edges = reader.all<{ shape: string }>(`select shape from ${lineageEdgesTable}`)
  expect([shapes.length, new Set(edges.map(({ shape }) => shape)).size, edges.length]).toEqual([1, 1, 3])
  const [{ shape } = { shape: '' }] = shapes
  expect(lineageOfRun(reader, tenant, 'r2')).toMatchObject([{ outputs: [{ name: 'out/2', shape }] }])
})

test('an event with columns costs one statement more than one without', () => {
  const count = (event: Timed[1]) => ledgerEvents([event]).flatMap((seen) => statementsFor(lineageView, seen)).length
  expect([count(read('load', ['n|a'], ['n|b'])), count(made(['n|a'], 'n|b', { x: [] }))]).toEqual([1, 2])
})
