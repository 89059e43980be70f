import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { type Service, startService, temporaryDir } from './service.ts'

let service: Service
let client: BatchClient
let files: string

beforeAll(async () => {
  const dataDir = await temporaryDir('flights')
  files = join(dataDir, 'tenants', 'default')
  service = await startService({ DATA_DIR: dataDir })
  client = new BatchClient(service.url)
})

afterAll(() => service.stop())

const rows = async (sql: string): Promise<unknown[]> => {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  const result = await connection.runAndReadAll(sql)
  return result.getRowsJson()
}

const daysOf = (count: number): string[] =>
  Array.from({ length: count }, (_, day) => new Date(Date.UTC(2001, 0, 1 + day)).toISOString().slice(0, 10))

test("all 182 days are triggered at once, and each writes exactly that day's routes", async () => {
  const days = daysOf(182)
  const runs = await Promise.all(days.map((day) => client.triggered('flights-daily', day)))
  const ended = await Promise.all(runs.map((runId) => client.finished(runId, 300_000)))
  expect(ended.filter(({ status }) => status !== 'SUCCESS')).toEqual([])

  const source = join(files, 'flights-3m.parquet')
  for (const day of ['2001-01-01', '2001-02-28', '2001-07-01']) {
    const expected = await rows(
      `select origin, destination, count(*) flights, avg(delay) delay from '${source}'
       where date >= '${day}'::date and date < '${day}'::date + 1 group by all order by all`,
    )
    const published = await rows(`from '${join(files, 'routes', `${day}.parquet`)}' order by all`)
    expect(expected.length).toBeGreaterThan(0)
    expect(published).toEqual(expected)
  }
  const [[total]] = (await rows(`select sum(flights) from '${join(files, 'routes/*.parquet')}'`)) as [[string]]
  expect(Number(total)).toBe(3_000_000)
}, 400_000)

test('a month of weather is written as CSV', async () => {
  const run = await client.finished(await client.triggered('weather-monthly', '2012-03'))
  expect(run.status).toBe('SUCCESS')
  const published = await rows(`from '${join(files, 'weather/2012-03.csv')}'`)
  expect(published.length).toBeGreaterThan(0)
})

test('a day that has no flights fails its quality check', async () => {
  const run = await client.finished(await client.triggered('flights-daily', '1999-01-01'))
  expect(run).toMatchObject({ status: 'FAILURE', error: { details: { failed_asset: 'quality_checks' } } })
})
