import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { acme, filesOf, manifestOf, openBench, runId } from './support/bench.ts'

const csv = 'origin,flights\nSEA,3\nPDX,0\n,2\nSEA,4\n'
const target = 'rejected/tested/run-1/known.ndjson'
const known = { name: 'known', type: 'not_null', on: 'day', column: 'origin', on_failure: 'reject' }
const fields = {
  sources: { flights: { type: 'csv', path: 'flights.csv' } },
  transformations: [
    { name: 'day', type: 'sql', sql: 'select * from flights' },
    { name: 'total', type: 'sql', sql: 'select count(*) n, sum(flights)::bigint flights from day' },
  ],
  sinks: {
    days: { type: 'parquet', from: 'day', path: 'days.parquet' },
    total: { type: 'json', from: 'total', path: 'total.json' },
  },
  quality_checks: [known],
}
const manifest = manifestOf(fields)

const open = async () => {
  const bench = await openBench()
  await bench.write('flights.csv', csv)
  return bench
}

/** Of each file its target and content. */
const digests = (results: Parameters<typeof filesOf>[0]) =>
  filesOf(results).map(({ target, sha256 }) => [target, sha256])

describe('rows that are turned away', () => {
  test('are out of the table before a later transformation reads it', async () => {
    const bench = await open()
    const results = await bench.publish(manifest)
    expect([results.day?.rows, results.load_days?.rows]).toEqual([3, 3])
    expect(JSON.parse(await bench.read('total.json'))).toEqual([{ n: 3, flights: 7 }])
    expect(await bench.read(target)).toBe('{"origin":null,"flights":2}\n')
  })

  test('are out of a source too', async () => {
    const bench = await open()
    await bench.publish(manifestOf({ ...fields, quality_checks: [{ ...known, on: 'flights' }] }))
    expect(JSON.parse(await bench.read('total.json'))).toEqual([{ n: 3, flights: 7 }])
    expect(await bench.read('flights.csv')).toBe(csv)
  })

  test('change nothing of the datasets of the lineage and the columns of the sinks', async () => {
    const bench = await open()
    const clean = await bench.run(manifestOf({ ...fields, quality_checks: [] }), { run: 'clean' })
    const rejected = await bench.run(manifest)
    for (const stage of ['load_days', 'load_total']) {
      const { inputs, outputs } = clean[stage]?.lineage ?? {}
      expect(rejected[stage]?.lineage).toMatchObject({ inputs, outputs })
      expect(rejected[stage]?.schema).toEqual(clean[stage]?.schema)
    }
    expect(rejected.quality_checks).toMatchObject({ lineage: null })
    expect(rejected.quality_checks).not.toHaveProperty('schema')
  })

  test('are the same bytes in every run, each in a file of its own', async () => {
    const bench = await open()
    const first = digests(await bench.publish(manifest))
    const second = digests(await bench.publish(manifest, { run: 'run-2' }))
    expect(first.map(([, sha256]) => sha256)).toEqual(second.map(([, sha256]) => sha256))
    expect(second[0]?.[0]).toBe('rejected/tested/run-2/known.ndjson')
    expect(await bench.read(target)).toBe(await bench.read('rejected/tested/run-2/known.ndjson'))
  })
})

describe('an attempt after a crash', () => {
  const completedStages = ['day', 'total', 'quality_checks']
  const resumed = { attempt: 2, completedStages, stages: ['load_days', 'load_total'] }

  test('loads the tables as the checks had left them', async () => {
    const bench = await open()
    const whole = digests(await bench.run(manifest, { run: 'whole' }))
    await bench.run(manifest, { stages: completedStages })
    await bench.write('flights.csv', 'origin,flights\nXXX,1\n')
    expect(digests(await bench.run(manifest, resumed))).toEqual(whole.slice(1))
  })

  test('takes the rows out again where the tables are gone, also those of a source', async () => {
    for (const on of ['day', 'flights']) {
      const bench = await open()
      const checked = manifestOf({ ...fields, quality_checks: [{ ...known, on }] })
      const whole = digests(await bench.run(checked, { run: 'whole' }))
      await bench.run(checked, { stages: completedStages })
      await rm(join(bench.root, '.staging/run-1/work'), { recursive: true })
      expect(digests(await bench.run(checked, resumed))).toEqual(whole.slice(1))
    }
  })

  test('tells of what was rejected when the stage of the checks is still to come', async () => {
    const bench = await open()
    for (const on of ['day', 'flights']) {
      const checked = manifestOf({ ...fields, quality_checks: [{ ...known, on }] })
      await bench.write('flights.csv', csv)
      await bench.run(checked, { run: on, stages: ['day', 'total'] })
      await bench.write('flights.csv', 'origin,flights\n,1\n,1\n')
      const rest = { run: on, attempt: 2, completedStages: ['day', 'total'], stages: ['quality_checks'] }
      const { quality_checks } = await bench.run(checked, rest)
      expect(quality_checks).toMatchObject({ output: { rejected: { known: 1 } }, rejected: [{ rows: 1, table: on }] })
    }
  })

  test('reads a source anew that no completed stage has read', async () => {
    const bench = await open()
    const checked = manifestOf({ ...fields, quality_checks: [{ ...known, on: 'flights' }] })
    await bench.run(checked, { stages: ['day'] })
    await bench.write('flights.csv', 'origin,flights\nXXX,1\n,1\n,1\n')
    const { quality_checks, day } = await bench.run(checked, { attempt: 2, stages: ['day', 'total', 'quality_checks'] })
    expect([day?.rows, quality_checks?.output]).toEqual([1, { checks: 1, passed: 0, rejected: { known: 2 } }])
  })
})

test('a run that is canceled leaves nothing of them', async () => {
  const bench = await open()
  await bench.run(manifest)
  const removed = await bench.engine.discard(acme, runId('run-1'))
  expect(removed.filter((path) => path.includes('/work/'))).toEqual([
    '.staging/run-1/work/day.parquet',
    '.staging/run-1/work/rejected/known.ndjson',
    '.staging/run-1/work/total.parquet',
  ])
  expect(removed).toContainEqual(
    expect.stringMatching(/^\.staging\/run-1\/1\/[0-9a-f]{16}\/[0-9a-f]{64}-known\.ndjson$/),
  )
  expect(await readdir(bench.root)).toEqual(['.staging', 'flights.csv'])
  expect(await readdir(join(bench.root, '.staging'))).toEqual([])
})

test('a cancel ends a check that rejects, and leaves no half-written file', async () => {
  const heavySql = '(select count(*) from range(10000000) a(x), range(10000000) b(y) where x + y = 7 + flights) > 0'
  const bench = await open()
  const heavy = { name: 'heavy', type: 'expression', on: 'day', sql: heavySql, on_failure: 'reject' }
  const session = await bench.open(manifestOf({ ...fields, quality_checks: [known, heavy] }))
  const controller = new AbortController()
  const outcome = expect(session.runStage('day', controller.signal)).rejects.toMatchObject({ code: 'CANCELED' })
  await pause(400)
  controller.abort()
  await outcome
  await session.close()
  expect(await readdir(join(bench.root, '.staging/run-1/work'))).toEqual(['rejected'])
})

describe('an expression that rejects rows', () => {
  const two = (...quality_checks: object[]) =>
    manifestOf({
      sources: { flights: { type: 'csv', path: 'flights.csv' }, airports: { type: 'csv', path: 'airports.csv' } },
      transformations: fields.transformations,
      sinks: fields.sinks,
      quality_checks: quality_checks.map((check) => ({ on_failure: 'reject', ...check })),
    })
  const listed = { name: 'listed', type: 'expression', on: 'flights', sql: 'origin in (select code from airports)' }
  const run = async (...checks: object[]) => {
    const bench = await open()
    await bench.write('airports.csv', 'code\nSEA\n')
    return bench.run(two(...checks))
  }

  test('reads other sources, and the tables before its own', async () => {
    expect((await run(listed)).load_days?.rows).toBe(2)
    expect((await run({ ...listed, on: 'day' })).load_days?.rows).toBe(2)
    const self = { ...listed, sql: 'flights > (select avg(flights) from flights)' }
    expect((await run(self)).load_days?.rows).toBe(2)
  })

  test('reads neither a later table nor a source whose own rows are rejected', async () => {
    const later = { ...listed, on: 'day', sql: 'flights < (select n from total)' }
    await expect(run(later)).rejects.toThrow("listed: There is no table 'total' here; there is: flights, airports, day")
    const coded = { name: 'coded', type: 'not_null', on: 'airports', column: 'code' }
    await expect(run(listed, coded)).rejects.toThrow("listed: There is no table 'airports' here; there is: flights")
  })
})
