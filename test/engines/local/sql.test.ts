import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../../src/domain/json.ts'
import { manifestOf, openBench } from './support/bench.ts'

/** Publishes what the last of these queries selects and answers the CSV. */
const select = async (
  queries: Record<string, string>,
  fields: { parameters?: JsonObject; partition?: string; specs?: object } = {},
): Promise<string> => {
  const bench = await openBench()
  await bench.write('people.csv', 'name,age\nAda,36\nAlan,41\n')
  const from = Object.keys(queries).at(-1)
  const manifest = manifestOf({
    parameters: fields.specs ?? {},
    sources: { people: { type: 'csv', path: 'people.csv' } },
    transformations: Object.entries(queries).map(([name, sql]) => ({ name, type: 'sql', sql })),
    sinks: { out: { type: 'csv', from, path: 'out.csv' } },
  })
  await bench.publish(manifest, fields)
  return bench.read('out.csv')
}

describe('what SQL sees', () => {
  test('sources and earlier transformations, by name, in any case', async () => {
    const queries = { older: 'select * from PEOPLE where age > 40', 'older-names': 'select name from Older' }
    expect(await select({ ...queries, last: 'select * from "older-names"' })).toBe('name\nAlan\n')
  })

  test('no later transformation', async () => {
    await expect(select({ first: 'select * from second', second: 'select 1' })).rejects.toThrow(
      "There is no table 'second' here; there is: people",
    )
  })

  test('names of WITH, which shadow nothing outside', async () => {
    const sql = 'with p as (select * from people), people as (select 1 as x) select name from p, people where x = 1'
    expect(await select({ a: sql })).toBe('name\nAda\nAlan\n')
    expect(
      await select({ a: 'with recursive n as (select 1 i union all select i + 1 from n where i < 3) from n' }),
    ).toBe('i\n1\n2\n3\n')
  })

  test('functions that make tables of values', async () => {
    expect(await select({ a: 'select i, unnest([i, i]) j from range(1, 2) t(i)' })).toBe('i,j\n1,1\n1,1\n')
  })

  test('a semicolon and a comment at the end do no harm', async () => {
    expect(await select({ a: 'select name from people where age = 36; ', b: 'select name from a -- all' })).toBe(
      'name\nAda\n',
    )
  })
})

describe('parameters', () => {
  test('partition, run and declared parameters are bound by name, where they are used', async () => {
    const specs = { from_age: { type: 'integer', default: 40 }, unused: { type: 'string', default: 'x' } }
    const sql = 'select name, $partition as p, $run_id as r from people where age >= $from_age'
    expect(await select({ a: sql }, { specs, partition: '2001' })).toBe('name,p,r\nAlan,2001,run-1\n')
    expect(await select({ a: sql }, { specs, partition: '2001', parameters: { from_age: 36 } })).toBe(
      'name,p,r\nAda,2001,run-1\nAlan,2001,run-1\n',
    )
  })

  test('a value is never SQL', async () => {
    const specs = { name: { type: 'string' } }
    const name = "Ada' or true --"
    expect(await select({ a: 'select * from people where name = $name' }, { specs, parameters: { name } })).toBe(
      'name,age\n',
    )
  })

  test.each([
    ['integer', 9_007_199_254_740_991, 'BIGINT'],
    ['number', 1, 'DOUBLE'],
    ['boolean', true, 'BOOLEAN'],
    ['string', '1', 'VARCHAR'],
  ])('of type %s is bound as such', async (type, value, name) => {
    const csv = await select({ a: 'select typeof($p) t' }, { specs: { p: { type } }, parameters: { p: value } })
    expect(csv).toBe(`t\n${name}\n`)
  })

  test.each([
    ['an unknown parameter', 'select $nobody', '$nobody is not a parameter of this pipeline'],
    [
      'a partition that the run does not have',
      'select $partition',
      '$partition is used, but this run has no partition',
    ],
    ['a number for a text', 'select $text', '$text must be of type string'],
    ['a positional parameter', 'select ?', '$1 is not a parameter of this pipeline'],
  ])('%s fails the stage', async (_, sql, message) => {
    await expect(
      select({ a: sql }, { specs: { text: { type: 'string' } }, parameters: { text: 1 } }),
    ).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message,
      retryable: false,
    })
  })
})

test('a load names the sources that flow into its sink, through all transformations, and no others', async () => {
  const bench = await openBench()
  for (const name of ['a', 'b', 'c']) await bench.write(`in/${name}.csv`, 'x,y\n1,2\n')
  const source = (name: string) => ({ type: 'csv', path: `in/${name}.csv` })
  const manifest = manifestOf({
    sources: { a: source('a'), b: source('b'), c: source('c') },
    transformations: [
      { name: 'from_b', type: 'sql', sql: 'select * from b' },
      { name: 'joined', type: 'sql', sql: 'select a.* from a join from_b using (x) where a.x = $part' },
      { name: 'from_c', type: 'sql', sql: 'select * from c' },
    ],
    parameters: { part: { type: 'integer', default: 1 } },
    sinks: { out: { type: 'csv', from: 'joined', path: 'out.csv' } },
  })
  const { load_out } = await bench.run(manifest)
  expect(load_out?.lineage).toMatchObject({
    inputs: ['in/a.csv', 'in/b.csv'].map((name) => ({ namespace: 'file://acme', name })),
    outputs: [{ namespace: 'file://acme', name: 'out.csv' }],
  })
})

describe("a query's failure", () => {
  test.each([
    ['a syntax error', 'selec 1', /^Parser Error: syntax error at or near "selec"$/],
    ['an unknown column', 'select nobody from people', /^Binder Error: .*"nobody"/],
    ['a wrong value', 'select cast(name as integer) from people', /^Conversion Error: .*'Ada'/],
  ])('%s is told in one line and not tried again', async (_, sql, message) => {
    await expect(select({ a: sql })).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: expect.stringMatching(message),
      retryable: false,
    })
  })

  test('names files relative to the directory', async () => {
    const bench = await openBench()
    await bench.write('broken.parquet', 'not parquet')
    const manifest = manifestOf({
      sources: { broken: { type: 'parquet', path: 'broken.parquet' } },
      sinks: { out: { type: 'csv', from: 'broken', path: 'out.csv' } },
    })
    const failure = await bench.run(manifest).catch((error: unknown) => String(error))
    expect(failure).toContain("'broken.parquet'")
    expect(failure).not.toContain(bench.tenantsDir)
  })
})
