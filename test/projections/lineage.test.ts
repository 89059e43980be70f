import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Hop, hopsFrom, lineageOfRun, type Search } from '../../projections/lineage-queries.ts'
import { otherTenant, tenant } from '../support/ids.ts'
import { datasetOf, observing, read, type Timed } from '../support/observed.ts'
import * as e from '../support/run-events.ts'

const ran = (...stages: Timed[1][]): Timed[] => [
  [0, e.requested()],
  ...stages.map((stage): Timed => [1, stage]),
  [2, e.succeeded()],
]

const asked = (from: string, over: Partial<Search> = {}): Search => ({
  from: [datasetOf(from)],
  way: 'upstream',
  depthMax: 50,
  countMax: 1_000,
  ...over,
})
const shown = (hops: readonly Hop[]): string[] =>
  hops.map(({ depth, input_name, stage, output_name }) => `${depth}: ${input_name} -${stage}-> ${output_name}`)

describe('the lineage of a dataset', () => {
  const chain = async () => {
    const told = observing()
    await told.tell('r1', ran(read('extract', ['n|a', 'n|b'], ['n|c'])))
    await told.tell('r2', ran(read('load', ['n|c'], ['n|d'])))
    await told.tell('r3', ran(read('load', ['n|d'], ['n|e'])))
    const way = (from: string, over: Partial<Search> = {}) =>
      shown(hopsFrom(told.reader, tenant, asked(from, over)).hops)
    return { ...told, way }
  }

  test('goes from outputs to inputs and from inputs to outputs, through every stage between', async () => {
    const { way } = await chain()
    expect(way('n|e')).toEqual(['1: d -load-> e', '2: c -load-> d', '3: a -extract-> c', '3: b -extract-> c'])
    expect(way('n|a', { way: 'downstream' })).toEqual(['1: a -extract-> c', '2: c -load-> d', '3: d -load-> e'])
  })

  test('goes no further than it is asked to', async () => {
    const { way } = await chain()
    expect(way('n|e', { depthMax: 2 })).toEqual(['1: d -load-> e', '2: c -load-> d'])
  })

  test('keeps apart what one stage has made of different inputs, and datasets of different namespaces', async () => {
    const { tell, way } = await chain()
    await tell('r4', ran(read('load', ['n|x'], ['n|y'])))
    await tell('r5', ran(read('load', ['other|x'], ['n|z'])))
    expect([way('n|y'), way('n|z'), way('n|x', { way: 'downstream' })]).toEqual([
      ['1: x -load-> y'],
      ['1: x -load-> z'],
      ['1: x -load-> y'],
    ])
  })

  test('ends where it closes a circle', async () => {
    const { tell, way } = await chain()
    await tell('r4', ran(read('load', ['n|e'], ['n|c'])))
    expect(way('n|c', { way: 'downstream' })).toEqual(['1: c -load-> d', '2: d -load-> e', '3: e -load-> c'])
  })

  test('says so where there is more than was asked for', async () => {
    const { reader } = await chain()
    expect(hopsFrom(reader, tenant, asked('n|e', { countMax: 3 }))).toMatchObject({ isCut: true })
    expect(hopsFrom(reader, tenant, asked('n|e', { countMax: 3 })).hops).toHaveLength(3)
    expect(hopsFrom(reader, tenant, asked('n|e', { countMax: 4 }))).toMatchObject({ isCut: false })
  })

  test('counts the runs that have gone that way and names the last', async () => {
    const { tell, reader } = await chain()
    await tell('again', [
      [70, e.requested()],
      [71, read('load', ['n|c'], ['n|d'])],
      [72, e.succeeded()],
    ])
    const [hop] = hopsFrom(reader, tenant, asked('n|d', { depthMax: 1 })).hops
    expect(hop).toMatchObject({ runs: 2, last_run_id: 'again', last_at: e.atTime(72) })
  })

  test('holds nothing of runs that did not succeed, and nothing of another tenant', async () => {
    const { tell, reader, way } = await chain()
    await tell('failed', [
      [0, e.requested()],
      [1, read('load', ['n|p'], ['n|q'])],
      [2, e.failed()],
    ])
    await tell('active', [
      [0, e.requested()],
      [1, read('load', ['n|p'], ['n|q'])],
    ])
    expect(way('n|q')).toEqual([])
    expect(lineageOfRun(reader, tenant, 'failed')).toHaveLength(1)
    expect(hopsFrom(reader, otherTenant, asked('n|e')).hops).toEqual([])
  })

  test('begins with a stage that reads nothing, and ends with one that writes nothing', async () => {
    const { tell, way } = await chain()
    await tell('r4', ran(read('extract', [], ['n|new']), read('load', ['n|new'], [])))
    await tell('r5', ran(read('extract', [], ['n|other'])))
    expect([way('n|new'), way('n|new', { way: 'downstream' })]).toEqual([['1:  -extract-> new'], ['1: new -load-> ']])
  })
})

const letters = ['a', 'b', 'c', 'd', 'e', 'f'] as const
const letter = fc.constantFrom(...letters)

test('a search reaches exactly what can be reached, at its least distance', async () => {
  const pairs = fc.array(fc.tuple(letter, letter), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(pairs, letter, async (edges, start) => {
      const { tell, reader } = observing()
      for (const [index, [input, output]] of edges.entries()) {
        await tell(`r${index}`, ran(read('load', [`n|${input}`], [`n|${output}`])))
      }
      const distance = new Map([[start, 0]])
      for (let round = 0; round < letters.length; round += 1) {
        for (const [input, output] of edges) {
          const through = (distance.get(input) ?? Infinity) + 1
          if (through < (distance.get(output) ?? Infinity)) distance.set(output, through)
        }
      }
      const { hops } = hopsFrom(reader, tenant, asked(`n|${start}`, { way: 'downstream' }))
      const found = new Map<string, number>([[start, 0]])
      for (const hop of hops) if (!found.has(hop.output_name)) found.set(hop.output_name, hop.depth)
      expect([...found].sort()).toEqual([...distance].sort())
      const leaving = new Set(edges.filter(([input]) => distance.has(input)).map((edge) => edge.join()))
      expect(hops).toHaveLength(leaving.size)
    }),
    { numRuns: 30 },
  )
}, 60_000)
