import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BatchClient, type HistoryEvent } from './batch-client.ts'
import { type Service, startService, temporaryDir } from './service.ts'

const days = ['2001-01-01', '2001-01-02', '2001-01-03', '2001-01-04']
const emptyDay = '1999-01-01'

let service: Service
let client: BatchClient
let files: string
const histories = new Map<string, HistoryEvent[]>()

beforeAll(async () => {
  const dataDir = await temporaryDir('observing')
  files = join(dataDir, 'tenants', 'default')
  service = await startService({ DATA_DIR: dataDir })
  client = new BatchClient(service.url)
  for (const day of [...days, emptyDay]) {
    const runId = await client.triggered('flights-daily', day)
    await client.finished(runId)
    histories.set(runId, await client.history(runId))
  }
}, 120_000)

afterAll(() => service.stop())

const ask = async (path: string) => {
  const response = await fetch(service.url + path)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const writtenRows = async (): Promise<number> => {
  const connection = await (await DuckDBInstance.create()).connect()
  const result = await connection.runAndReadAll(`select count(*)::integer from '${join(files, 'routes/*.parquet')}'`)
  return Number(result.getRowsJson()[0]?.[0])
}

const dataOf = (type: string): Record<string, unknown>[] =>
  [...histories.values()].flat().flatMap((event) => (event.type === type ? [event.data] : []))
const sum = (values: readonly unknown[]): number => values.reduce<number>((total, value) => total + Number(value), 0)

test('the metrics of a pipeline are what its runs have really taken and made', async () => {
  const { status, body } = await ask('/pipelines/flights-daily/metrics')
  expect(status).toBe(200)
  const completed = dataOf('StageCompleted')
  expect(body).toMatchObject({
    runs: { total: 5, succeeded: 4, failed: 1, canceled: 0 },
    error_rate: 0.2,
    errors: [{ code: 'QUALITY_CHECK_FAILED', count: 1 }],
    volume: {
      rows_published: await writtenRows(),
      bytes_read: sum(completed.map(({ bytesRead }) => bytesRead)),
      bytes_written: sum(completed.map(({ bytesWritten }) => bytesWritten)),
    },
  })
  const stages = body.stages as { stage: string; completed: number; rows: number; failures: number }[]
  for (const { stage, completed: count, rows } of stages) {
    const own = completed.filter((data) => data.stage === stage)
    expect([stage, count, rows]).toEqual([stage, own.length, sum(own.map((data) => data.rows))])
  }
  expect(stages.map(({ failures }) => failures)).toContain(1)
  const spread = body.duration_seconds as Record<string, number>
  expect(spread.count).toBe(5)
  expect(spread.p50).toBeLessThanOrEqual(spread.max ?? 0)
  const [slowest] = [...histories.values()].map(durationOf).sort((a, b) => b - a)
  expect(Math.abs((spread.max ?? 0) - (slowest ?? 0))).toBeLessThan(1)
})

/** Seconds, by the ledger's clock; the metrics go by the clock of the command. */
const durationOf = (events: HistoryEvent[]): number => {
  const at = (type: RegExp) => Date.parse(events.find((event) => type.test(event.type))?.recorded_at ?? '')
  return (at(/^Run(Succeeded|Failed)$/) - at(/^RunStarted$/)) / 1_000
}

test('a published file comes from the flights, and from no other', async () => {
  const { body } = await ask(`/pipelines/lineage?dataset=file://default/routes/${days[1]}.parquet`)
  expect(body).toMatchObject({
    truncated: false,
    paths: [
      {
        input: 'dataset:file://default/flights-3m.parquet',
        job: 'job:flights-daily.load_routes',
        output: `dataset:file://default/routes/${days[1]}.parquet`,
        direction: 'upstream',
        depth: 1,
      },
    ],
  })
  const { body: back } = await ask('/pipelines/lineage?dataset=file://default/flights-3m.parquet&direction=downstream')
  expect((back.paths as { output: string }[]).map(({ output }) => output)).toEqual(
    days.map((day) => `dataset:file://default/routes/${day}.parquet`),
  )
})

test('the objectives are breached by one run of five that failed', async () => {
  const { body } = await ask('/pipelines/flights-daily/slo?window=7d')
  expect(body).toMatchObject({
    manifest_version: '1.0.0',
    objectives: { success_rate: 0.99, max_duration_seconds: 60, freshness_hours: 26 },
    status: 'breached',
    success: {
      actual: 0.8,
      runs: 5,
      budget: { allowed: 0.05, used: 1, left: -0.95, burn_rate: { last_hour: 20, last_6_hours: 20, window: 20 } },
      status: 'breached',
    },
    duration: { runs: 4, within: 4, status: 'met' },
    freshness: { status: 'met' },
  })
})
