import { describe, expect, test } from 'vitest'
import { manifestOf, openBench } from './support/bench.ts'

const csv = 'origin,flights\nSEA,3\nPDX,0\n,2\nSEA,\n'

const check = async (...quality_checks: object[]) => {
  const bench = await openBench()
  await bench.write('routes.csv', csv)
  const manifest = manifestOf({
    parameters: { least: { type: 'integer', default: 1 } },
    sources: { routes: { type: 'csv', path: 'routes.csv' } },
    quality_checks: quality_checks.map((fields, index) => ({ name: `c${index}`, on: 'routes', ...fields })),
  })
  return (await bench.run(manifest)).quality_checks?.output
}

describe('a check passes:', () => {
  test.each([
    ['at least so many rows', { type: 'row_count', min: 4 }],
    ['at most so many rows', { type: 'row_count', max: 4 }],
    ['exactly so many rows', { type: 'row_count', min: 4, max: 4 }],
    ['values that are there do not repeat', { type: 'unique', column: 'flights' }],
    ['an expression holds in every row', { type: 'expression', sql: 'coalesce(flights, 0) >= 0' }],
    ['an expression with a parameter', { type: 'expression', sql: 'coalesce(flights, $least) >= 0 -- all' }],
  ])('%s', async (_, fields) => {
    expect(await check(fields)).toEqual({ checks: 1, passed: 1 })
  })

  test('no value is missing', async () => {
    const bench = await openBench()
    const manifest = manifestOf({
      transformations: [{ name: 'known', type: 'sql', sql: "select 'SEA' as origin" }],
      quality_checks: [{ name: 'known', type: 'not_null', on: 'known', column: 'origin' }],
    })
    expect((await bench.run(manifest)).quality_checks?.output).toEqual({ checks: 1, passed: 1 })
  })
})

describe('a check fails and says what it found against what was asked:', () => {
  test.each([
    ['too few rows', { type: 'row_count', min: 5 }, 'c0: 4 rows in routes, at least 5 asked'],
    ['too many rows', { type: 'row_count', min: 1, max: 3 }, 'c0: 4 rows in routes, at least 1 and at most 3 asked'],
    ['a missing value', { type: 'not_null', column: 'origin' }, 'c0: 1 of 4 rows have no origin'],
    ['a value that repeats', { type: 'unique', column: 'origin' }, 'c0: 1 of 4 rows repeat an earlier origin'],
    [
      'an expression that is false or unknown',
      { type: 'expression', sql: 'flights > 0' },
      'c0: 2 of 4 rows fail flights > 0',
    ],
  ])('%s', async (_, fields, message) => {
    await expect(check(fields)).rejects.toMatchObject({ code: 'QUALITY_CHECK_FAILED', message, retryable: false })
  })

  test('every failed check is named', async () => {
    const failing = [
      { type: 'row_count', min: 5 },
      { type: 'row_count', min: 1 },
      { type: 'not_null', column: 'origin' },
    ]
    await expect(check(...failing)).rejects.toMatchObject({
      message: 'c0: 4 rows in routes, at least 5 asked; c2: 1 of 4 rows have no origin',
    })
  })

  test('a check that cannot be made is named too, and is no finding', async () => {
    await expect(check({ type: 'not_null', column: 'nobody' })).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: expect.stringMatching(/^c0: Binder Error: .*"nobody"/),
      retryable: false,
    })
  })
})
