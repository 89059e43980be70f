import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { readContractSchema } from '../../../src/contracts/schema.ts'
import type { JsonObject } from '../../../src/domain/json.ts'
import { manifestOf, openBench } from './support/bench.ts'

const contractOf = (properties: JsonObject, more: JsonObject = {}) => {
  const schema = { type: 'object', properties, ...more }
  expect(readContractSchema(schema)).toEqual({ schema })
  return { sink: 'out', ref: 'routes@v1', schema }
}

const manifest = (sql: string) =>
  manifestOf({
    transformations: [{ name: 'made', type: 'sql', sql }],
    sinks: {
      out: { type: 'parquet', from: 'made', path: 'out.parquet' },
      other: { type: 'csv', from: 'made', path: 'other.csv' },
    },
  })

/** Loads what a query makes into a sink that has a contract. */
const load = async (sql: string, properties: JsonObject, more?: JsonObject) => {
  const bench = await openBench()
  return (await bench.run(manifest(sql), { contract: contractOf(properties, more) })).load_out
}

describe('a sink keeps its contract where DuckDB', () => {
  test.each<[string, string, JsonObject]>([
    [
      'has whole numbers, however large',
      "1::tinyint, 2::bigint, 3::hugeint, '4'::ubigint, 5.0::double",
      { type: 'integer' },
    ],
    ['has other numbers', '1.5::float, 2.50::decimal(9, 2), 3, -1e300', { type: 'number' }],
    ['has dates', "date '2001-02-28', date '1969-12-31'", { type: 'string', format: 'date' }],
    [
      'has timestamps, with a time zone or without',
      "timestamp '2001-02-28 10:00:00', '2001-02-28 10:00:00.5'::timestamptz, '2001-02-28 10:00:00.123456789'::timestamp_ns",
      { type: 'string', format: 'date-time' },
    ],
    ['has times', "time '10:00:00', time '23:59:59.25'", { type: 'string', format: 'time' }],
    ['has uuids', "'2f8c2f64-0000-4000-8000-00000000000a'::uuid", { type: 'string', format: 'uuid' }],
    ['has other texts', "'x', 'a'::blob, 'b'::enum('b'), interval 1 day", { type: 'string', minLength: 1 }],
    ['has lists', '[1, 2], [3]', { type: 'array', items: { type: 'integer' } }],
    ['has structs', "{'k': 1}, map {'k': 2}", { type: 'object', properties: { k: { type: 'integer' } } }],
    ['has booleans', 'true, false', { type: 'boolean', enum: [true, false] }],
    ['has NULL', 'null, null::bigint', { type: 'integer', nullable: true }],
    ['has a format that says nothing of rows', "'x'", { type: 'string', format: 'colour' }],
  ])('%s', async (_, values, column) => {
    const list = values.match(/(?:\([^)]*\)|\[[^\]]*\]|\{[^}]*\}|'[^']*'|[^,])+/g) ?? []
    const sql = `select ${list.map((value, index) => `${value} as c${index}`).join(', ')}`
    const properties = Object.fromEntries(list.map((__, index) => [`c${index}`, column]))
    const loaded = await load(sql, properties, { required: Object.keys(properties), additionalProperties: false })
    expect(loaded?.rows).toBe(1)
  })
})

describe('a sink that breaks its contract fails its stage, with the first row and what is wrong with it:', () => {
  const text = { type: 'string' }
  test.each<[string, string, JsonObject, JsonObject, string]>([
    ['a column that is missing', 'select 1 as b', { a: {} }, { required: ['a'] }, "/ must have required property 'a'"],
    [
      'a column that it does not know',
      "select 'x' as a, 1 as b",
      { a: text },
      { additionalProperties: false },
      "/ must not have the column 'b'",
    ],
    [
      'a column in other letters',
      "select 'x' as A",
      { a: text },
      { required: ['a'] },
      "/ must have required property 'a'",
    ],
    ['another type', 'select 1 as a', { a: text }, {}, '/a must be string'],
    ['NULL', 'select null as a', { a: text }, {}, '/a must be string'],
    ['half an integer', 'select 0.5 as a', { a: { type: 'integer' } }, {}, '/a must be integer'],
    [
      'a number that is none of JSON',
      "select 'nan'::double as a, '\"NaN' as b",
      { a: { type: 'number' } },
      {},
      '/a must be number',
    ],
    ['a bound', 'select 3 as a', { a: { maximum: 2 } }, {}, '/a must be <= 2'],
    [
      'a value that is not listed',
      "select 'c' as a",
      { a: { enum: ['a', 'b'] } },
      {},
      '/a must be equal to one of the allowed values: ["a","b"]',
    ],
    ['another constant', "select 'c' as a", { a: { const: 'a' } }, {}, '/a must be "a"'],
    ['a pattern', "select 'ö' as a", { a: { ...text, pattern: '^[a-z]$' } }, {}, '/a must match pattern "^[a-z]$"'],
    ['a format', "select '2001-2-3' as a", { a: { ...text, format: 'date' } }, {}, '/a must match format "date"'],
    [
      'an item',
      'select [1, null] as "a/b"',
      { 'a/b': { type: 'array', items: { type: 'integer' } } },
      {},
      '/a~1b/1 must be integer',
    ],
    [
      'a name that every object has',
      'select 1 as a',
      { a: {}, toString: {} },
      { required: ['toString'] },
      "/ must have required property 'toString'",
    ],
  ])('%s', async (_, sql, properties, more, fault) => {
    await expect(load(sql, properties, more)).rejects.toMatchObject({
      code: 'CONTRACT_VIOLATED',
      message: `1 of 1 rows of the sink 'out' break the contract routes@v1; the first is row 1: ${fault}`,
      retryable: false,
    })
  })

  test('of many rows they are counted, and none of their values is told', async () => {
    const sql = 'select x, if(x % 1000 = 700, \'secret\', null) as "row" from range(10000) t(x)'
    const message =
      "10 of 10000 rows of the sink 'out' break the contract routes@v1; the first is row 701: /row must be null"
    await expect(load(sql, { row: { type: 'null' } })).rejects.toThrow(message)
  })
})

test('the stages before have their results, and the sink has no file', async () => {
  const bench = await openBench()
  const contract = contractOf({ a: { type: 'string' } })
  await expect(bench.run(manifest('select 1 a'), { contract })).rejects.toThrow('/a must be string')
  expect(await readdir(join(bench.root, '.staging/run-1'))).toEqual(['work'])
})

test('only the sink that the contract is of is checked, and an empty one keeps any', async () => {
  const bench = await openBench()
  const contract = { ...contractOf({ a: { type: 'string' } }), sink: 'out' }
  expect(await bench.run(manifest('select 1 a'), { contract, stages: ['made', 'load_other'] })).toHaveProperty(
    'load_other',
  )
  expect((await load('select 1 a where false', { a: { type: 'string' } }))?.rows).toBe(0)
})

describe('a check of a contract', () => {
  test('ends soon after a cancel', async () => {
    const bench = await openBench()
    const many = manifest('select x a from range(3000000) t(x)')
    const contract = contractOf({ a: { type: 'integer' } })
    await bench.run(many, { stages: ['made'] })
    const session = await bench.open(many, { completedStages: ['made'], contract })
    const controller = new AbortController()
    const outcome = expect(session.runStage('load_out', controller.signal)).rejects.toMatchObject({ code: 'CANCELED' })
    await pause(300)
    const canceledAt = performance.now()
    controller.abort()
    await outcome
    expect(performance.now() - canceledAt).toBeLessThan(500)
    await session.close()
  })

  test('is broken off when a pattern takes for ever', async () => {
    const sql = `select '${'a'.repeat(60)}!' as a`
    await expect(load(sql, { a: { type: 'string', pattern: '^(a+)+$' } })).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: expect.stringContaining('could not be checked in 5000 ms'),
    })
  }, 20_000)
})
