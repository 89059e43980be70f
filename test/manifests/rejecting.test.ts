import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SqlReader } from '../../src/app/ports/validation.ts'
import { openSqlReader } from '../../src/engines/local/sql-reader.ts'
import { parseManifest } from '../../src/manifests/schema.ts'
import { validateManifest } from '../../src/manifests/validate/validate.ts'

const manifest = (...quality_checks: object[]) => ({
  name: 'flights-daily',
  version: '1.0.0',
  sources: { flights: { type: 'csv', path: 'flights.csv' }, airports: { type: 'csv', path: 'airports.csv' } },
  transformations: [
    { name: 'day', type: 'sql', sql: 'select * from flights' },
    { name: 'total', type: 'sql', sql: 'select count(*) n from day' },
  ],
  sinks: { routes: { type: 'parquet', from: 'day', path: 'routes/{partition}.parquet' } },
  quality_checks: quality_checks.map((check, index) => ({ name: `c${index}`, on: 'day', ...check })),
})
const once = { type: 'unique', column: 'x' }
const rejecting = { ...once, on_failure: 'reject' }

test('a manifest says what becomes of failing rows only where it was said, so that its hash stays', () => {
  const given = manifest(once, { ...rejecting, max_rejected_share: 0.1 }, { ...once, on_failure: 'fail' })
  const parsed = parseManifest(given)
  expect('manifest' in parsed && parsed.manifest.quality_checks).toEqual(given.quality_checks)
})

describe('a wrong manifest is refused with path and reason:', () => {
  test.each<[string, object, string, RegExp]>([
    [
      'a row count that rejects',
      manifest({ type: 'row_count', min: 1, on_failure: 'reject' }),
      'quality_checks[0].on_failure',
      /^must be 'fail': a row_count has no rows of its own to reject$/,
    ],
    [
      'an unknown fate of rows that fail',
      manifest({ ...once, on_failure: 'ignore' }),
      'quality_checks[0].on_failure',
      /"fail"\|"reject"/,
    ],
    [
      'a share of more than all',
      manifest({ ...rejecting, max_rejected_share: 5 }),
      'quality_checks[0].max_rejected_share',
      /<=1/,
    ],
    [
      'a share of what is not rejected',
      manifest({ ...once, max_rejected_share: 0.5 }),
      'quality_checks[0].max_rejected_share',
      /^is for on_failure: reject$/,
    ],
    [
      'a sink among the rejected rows',
      {
        ...manifest(rejecting),
        sinks: { routes: { type: 'csv', from: 'day', path: 'Rejected/flights-daily/{run_id}.csv' } },
      },
      'sinks.routes.path',
      /lies in rejected\/flights-daily, where the rows go/,
    ],
  ])('%s', (_, value, path, message) => {
    const parsed = parseManifest(value)
    const problems = 'problems' in parsed ? parsed.problems : []
    expect(problems).toEqual([{ path, message: expect.stringMatching(message) }])
  })

  test('but a sink among them is none where nothing is rejected', () => {
    const sinks = { routes: { type: 'csv', from: 'day', path: 'rejected/flights-daily/{run_id}.csv' } }
    expect(parseManifest({ ...manifest(once), sinks })).toHaveProperty('manifest')
  })
})

describe('validation of a check that rejects', () => {
  let sql: SqlReader
  beforeAll(async () => {
    sql = await openSqlReader()
  })
  afterAll(() => sql.close())

  const foundIn = async (...checks: object[]) =>
    (await validateManifest(manifest(...checks), { sql, findContract: null })).map(
      ({ path, rule, message }) => `${path} ${rule} ${message}`,
    )
  const reading = (table: string, on: string, on_failure = 'reject') => ({
    type: 'expression',
    on,
    on_failure,
    sql: `x in (select x from ${table})`,
  })

  test.each([
    ['itself', reading('day', 'day')],
    ['a table before', reading('Airports', 'day')],
    ['another source', reading('airports', 'flights')],
  ])('finds nothing where it reads %s', async (_, check) => {
    expect(await foundIn(check)).toEqual([])
  })

  test('finds a later table, unless the check only fails', async () => {
    const message = "quality_checks[0].sql cycle 'Total' comes after 'day', out of which this check takes rows"
    expect(await foundIn(reading('Total', 'day'))).toEqual([message])
    expect(await foundIn(reading('Total', 'day', 'fail'))).toEqual([])
    expect(await foundIn(reading('day', 'flights'))).toHaveLength(1)
  })

  test('finds a source whose own rows are rejected', async () => {
    expect(await foundIn(reading('airports', 'flights'), { ...rejecting, on: 'airports' })).toEqual([
      expect.stringMatching(/^quality_checks\[0\]\.sql cycle rows are taken out of the source 'airports' too/),
    ])
  })

  test('finds SQL that is wrong as ever', async () => {
    expect(await foundIn({ type: 'expression', sql: 'x >', on_failure: 'reject' })).toEqual([
      expect.stringMatching(/^quality_checks\[0\]\.sql sql-syntax /),
    ])
  })
})
