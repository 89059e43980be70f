import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { manifestOf, openBench } from './support/bench.ts'

const csv = 'origin,flights\nSEA,3\nPDX,0\n,2\nSEA,\n'
const rows = (text: string) => text.trimEnd().split('\n')

/** A pipeline that passes a source on; its checks reject. */
const passing = (...quality_checks: object[]) =>
  manifestOf({
    sources: { routes: { type: 'csv', path: 'routes.csv' } },
    sinks: { out: { type: 'csv', from: 'routes', path: 'out.csv' } },
    quality_checks: quality_checks.map((fields, index) => ({
      name: `c${index}`,
      on: 'routes',
      on_failure: 'reject',
      ...fields,
    })),
  })

/** What such a pipeline makes of a file. */
const made = async (text: string, ...checks: object[]) => {
  const bench = await openBench()
  await bench.write('routes.csv', text)
  const { quality_checks } = await bench.publish(passing(...checks))
  const rejected = quality_checks?.rejected ?? []
  const files = await Promise.all(rejected.map(({ file }) => bench.read(file)))
  return { quality: quality_checks, kept: rows(await bench.read('out.csv')), files: files.map(rows) }
}

describe('the rows that a check turns away are in a file of their own, and the sink has the rest:', () => {
  test.each([
    [
      'a missing value',
      { type: 'not_null', column: 'origin' },
      ['origin,flights', 'SEA,3', 'PDX,0', 'SEA,'],
      ['{"origin":null,"flights":2}'],
      '1 of 4 rows have no origin',
    ],
    [
      'a value that repeats, of which the first row stays',
      { type: 'unique', column: 'Origin' },
      ['origin,flights', 'SEA,3', 'PDX,0', ',2'],
      ['{"origin":"SEA","flights":null}'],
      '1 of 4 rows repeat an earlier Origin',
    ],
    [
      'an expression that is false or unknown',
      { type: 'expression', sql: 'flights > 0 -- none' },
      ['origin,flights', 'SEA,3', ',2'],
      ['{"origin":"PDX","flights":0}', '{"origin":"SEA","flights":null}'],
      '2 of 4 rows fail flights > 0 -- none',
    ],
  ])('%s', async (_, check, kept, file, reason) => {
    const result = await made(csv, check)
    expect(result).toMatchObject({ kept, files: [file] })
    const count = file.length
    expect(result.quality).toMatchObject({
      output: { checks: 1, passed: 0, rejected: { c0: count } },
      rejected: [{ check: 'c0', table: 'routes', reason, rows: count, file: 'rejected/tested/run-1/c0.ndjson' }],
      files: [{ target: 'rejected/tested/run-1/c0.ndjson' }],
    })
  })

  test('values that are missing do not repeat', async () => {
    const { kept, quality } = await made('origin,flights\n,1\n,2\n', { type: 'unique', column: 'origin' })
    expect(kept).toEqual(['origin,flights', ',1', ',2'])
    expect(quality).not.toHaveProperty('rejected')
    expect(quality).toMatchObject({ output: { checks: 1, passed: 1 }, files: [] })
  })

  test('a row that fails two checks is told of by the first', async () => {
    const checks = [
      { type: 'not_null', column: 'flights' },
      { type: 'unique', column: 'origin' },
      { type: 'not_null', column: 'origin' },
      { type: 'row_count', min: 2, on_failure: 'fail' },
    ]
    const { kept, files, quality } = await made(csv, ...checks)
    expect(kept).toEqual(['origin,flights', 'SEA,3', 'PDX,0'])
    expect(files).toEqual([['{"origin":"SEA","flights":null}'], ['{"origin":null,"flights":2}']])
    expect(quality?.output).toEqual({ checks: 4, passed: 2, rejected: { c0: 1, c2: 1 } })
  })

  test('a check that fails sees the table without them', async () => {
    const checks = [
      { type: 'not_null', column: 'origin', on_failure: 'fail' },
      { type: 'not_null', column: 'origin' },
    ]
    expect((await made(csv, ...checks)).quality?.output).toMatchObject({ rejected: { c1: 1 } })
    await expect(made(csv, ...checks, { type: 'row_count', min: 4, on_failure: 'fail' })).rejects.toMatchObject({
      code: 'QUALITY_CHECK_FAILED',
      message: 'c2: 3 rows in routes, at least 4 asked',
    })
  })

  test('a table whose columns have any name keeps them', async () => {
    const text = 'fails,FAILS_,value,row,nth\na,1,2,3,4\na,2,3,4,5\n'
    const { kept, files } = await made(text, { type: 'unique', column: 'fails' })
    expect(kept).toEqual(['fails,FAILS_,value,row,nth', 'a,1,2,3,4'])
    expect(files).toEqual([['{"fails":"a","FAILS_":2,"value":3,"row":4,"nth":5}']])
  })

  test('of many rows the first of each value stays, and all keep their order', async () => {
    const bench = await openBench()
    const sql = 'select x, (x * 7919) % 50000 as k from range(200000) t(x)'
    const manifest = manifestOf({
      transformations: [{ name: 'many', type: 'sql', sql }],
      sinks: { out: { type: 'csv', from: 'many', path: 'out.csv' } },
      quality_checks: [{ name: 'once', type: 'unique', on: 'many', column: 'k', on_failure: 'reject' }],
    })
    const { many } = await bench.publish(manifest)
    expect(many?.rows).toBe(50_000)
    const firsts = Array.from({ length: 50_000 }, (_, x) => `${x},${(x * 7_919) % 50_000}`)
    expect(rows(await bench.read('out.csv'))).toEqual(['x,k', ...firsts])
    const rejected = rows(await bench.read('rejected/tested/run-1/once.ndjson')).map((line) => JSON.parse(line).x)
    expect(rejected).toEqual(Array.from({ length: 150_000 }, (_, index) => 50_000 + index))
  })

  test('an expression that is not always the same turns each row away or keeps it', async () => {
    const bench = await openBench()
    const manifest = manifestOf({
      transformations: [{ name: 'many', type: 'sql', sql: 'select x from range(1000) t(x)' }],
      sinks: { out: { type: 'csv', from: 'many', path: 'out.csv' } },
      quality_checks: [{ name: 'luck', type: 'expression', on: 'many', sql: 'random() < 0.5', on_failure: 'reject' }],
    })
    const { quality_checks } = await bench.publish(manifest)
    const kept = rows(await bench.read('out.csv'))
      .slice(1)
      .map(Number)
    const away = rows(await bench.read(quality_checks?.rejected?.[0]?.file ?? '')).map((line) => JSON.parse(line).x)
    expect([...kept, ...away].sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, x) => x))
  })
})

describe('a limit', () => {
  test.each([
    [0.25, { rejected: { c0: 1 } }],
    [1, { rejected: { c0: 1 } }],
  ])('of %f lets one row of four be rejected', async (max_rejected_share, output) => {
    const { quality } = await made(csv, { type: 'not_null', column: 'origin', max_rejected_share })
    expect(quality?.output).toMatchObject(output)
  })

  test.each([0.24, 0])('of %f fails the run over one row of four', async (max_rejected_share) => {
    const check = { type: 'not_null', column: 'origin', max_rejected_share }
    await expect(made(csv, check, { type: 'row_count', min: 5, on_failure: 'fail' })).rejects.toMatchObject({
      code: 'QUALITY_CHECK_FAILED',
      message: `c0: 1 of 4 rows have no origin, a share of at most ${max_rejected_share} may be rejected; c1: 3 rows in routes, at least 5 asked`,
      retryable: false,
    })
  })

  test('has nothing to say of a table without rows', async () => {
    const { quality } = await made('origin\n', { type: 'not_null', column: 'origin', max_rejected_share: 0 })
    expect(quality?.output).toEqual({ checks: 1, passed: 1 })
  })
})

describe('a check that rejects and cannot be made', () => {
  test('is named, once', async () => {
    const checks = [
      { type: 'not_null', column: 'origin', on_failure: 'fail' },
      { type: 'not_null', column: 'nobody' },
    ]
    await expect(made(csv, ...checks)).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: expect.stringMatching(/^c1: Binder Error: .*"nobody"/),
    })
  })

  test('leaves nothing half-written', async () => {
    const bench = await openBench()
    await bench.write('routes.csv', csv)
    const manifest = passing(
      { type: 'not_null', column: 'origin' },
      { type: 'expression', sql: "error('no: ' || flights)" },
    )
    await expect(bench.run(manifest)).rejects.toThrow('no: 3')
    expect(await readdir(join(bench.root, '.staging/run-1/work'))).toEqual(['rejected'])
    expect(await readdir(join(bench.root, '.staging/run-1/work/rejected'))).toEqual(['c0.ndjson'])
  })
})
