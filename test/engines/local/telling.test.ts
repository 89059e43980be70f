import { expect, test } from 'vitest'
import { manifestOf, openBench } from './support/bench.ts'

const csv = 'origin,flights\nSEA,3\nPDX,0\nBOI,2\n'

const routes = {
  sources: { routes: { type: 'csv', path: 'in/routes.csv' } },
  transformations: [{ name: 'busy', type: 'sql', sql: 'select * from routes where flights > 0' }],
}

test('an engine says where sources are, what each step made, what checks found, and what goes to each sink', async () => {
  const bench = await openBench()
  await bench.write('in/routes.csv', csv)
  const manifest = manifestOf({
    ...routes,
    quality_checks: [
      { name: 'some', type: 'row_count', on: 'busy', min: 1 },
      { name: 'known', type: 'not_null', on: 'busy', column: 'origin' },
    ],
    sinks: { out: { type: 'csv', from: 'busy', path: 'out/busy.csv' } },
  })
  await bench.run(manifest)
  expect(bench.said.map((line) => line.replaceAll(/\d+ ms/g, 'N ms'))).toEqual([
    `info: Source routes is in/routes.csv, ${csv.length} bytes`,
    `info: busy has 2 rows, from ${csv.length} bytes read, in N ms`,
    'info: Check some has passed: 2 rows of busy',
    'info: Check known has passed: 2 rows of busy',
    'info: Sink out has 2 rows for out/busy.csv, 27 bytes',
  ])
})

test('a check that fails says how many rows, and the checks after it are told too', async () => {
  const bench = await openBench()
  await bench.write('in/routes.csv', csv)
  const quality_checks = [
    { name: 'many', type: 'row_count', on: 'routes', min: 10 },
    { name: 'flown', type: 'expression', on: 'routes', sql: 'flights > 0' },
    { name: 'known', type: 'not_null', on: 'routes', column: 'origin' },
  ]
  await expect(bench.run(manifestOf({ ...routes, quality_checks }))).rejects.toThrow('many')
  expect(bench.said.filter((line) => line.includes('Check'))).toEqual([
    'error: Check many has failed: 3 rows in routes, at least 10 asked',
    'error: Check flown has failed: 1 of 3 rows fail flights > 0',
    'info: Check known has passed: 3 rows of routes',
  ])
})

test('rows that a check turned away are told with their count and their file, and none of them is shown', async () => {
  const bench = await openBench()
  await bench.write('in/routes.csv', csv)
  const check = { name: 'flown', type: 'expression', on: 'busy', sql: "origin <> 'BOI'", on_failure: 'reject' }
  await bench.run(manifestOf({ ...routes, quality_checks: [check] }))
  const told = bench.said.filter((line) => line.includes('flown'))
  expect(told).toEqual([
    expect.stringMatching(/^warn: Check flown has turned rows of busy away: 1 of 2 rows fail .*; they go to /),
  ])
  expect(told.join()).not.toContain('BOI,')
})

test('a source that is not there is told, in the words of the failure and without the folders of this machine', async () => {
  const bench = await openBench()
  await expect(bench.run(manifestOf(routes))).rejects.toThrow("Source 'routes': there is no file 'in/routes.csv'")
  expect(bench.said).toEqual(["warn: Source 'routes': there is no file 'in/routes.csv'"])
  expect(bench.said.join()).not.toContain(bench.root)
})

test('a stage that takes its time says so before', async () => {
  const bench = await openBench()
  const manifest = manifestOf({ transformations: [{ name: 'wait', type: 'sleep', seconds: 5 }] })
  const session = await bench.open(manifest)
  const controller = new AbortController()
  const running = session.runStage('wait', controller.signal)
  await expect.poll(() => bench.said).toEqual(['info: Sleeping for 5 s'])
  controller.abort()
  await expect(running).rejects.toMatchObject({ code: 'CANCELED' })
  await session.close()
})
