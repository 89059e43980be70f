import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { samplesOf } from '../support/exposition.ts'
import { BatchClient } from './batch-client.ts'
import { type Service, startService, temporaryDir } from './service.ts'

const manifest = `
name: people-of-ours
version: 1.0.0
transformations: [{ name: one, type: sql, sql: "select 1 n" }]
orchestration: { partition: { type: any } }
`

let service: Service

beforeAll(async () => {
  const dataDir = await temporaryDir('metrics')
  const pipelinesDir = join(dataDir, 'pipelines')
  await mkdir(pipelinesDir)
  await writeFile(join(pipelinesDir, 'people.yaml'), manifest)
  service = await startService({ DATA_DIR: dataDir, PIPELINES_DIR: pipelinesDir })
}, 90_000)

afterAll(async () => void (await service.stop()))

const figures = async () => samplesOf(await (await fetch(`${service.url}/metrics`)).text())

test('a service tells what it reaches, what it does, and how far it is behind', async () => {
  const client = new BatchClient(service.url)
  await client.finished(await client.triggered('people-of-ours', 'b1'))
  await expect
    .poll(async () => (await figures()).get('ledgerline_log_leaves{log="commands"}'), { timeout: 30_000 })
    .toBeGreaterThan(5)
  await expect
    .poll(async () => (await figures()).get('ledgerline_log_unsealed_leaves{log="commands"}'), { timeout: 30_000 })
    .toBe(0)
  const seen = await figures()
  expect(Object.fromEntries(seen)).toMatchObject({
    'ledgerline_up{part="ledger"}': 1,
    'ledgerline_up{part="bus"}': 1,
    'ledgerline_build_info{version="0.1.0"}': 1,
    ledgerline_leader: 1,
    ledgerline_worker_jobs: 0,
    'ledgerline_worker_attempts_total{outcome="finished"}': 1,
    'ledgerline_runs{status="queued"}': 0,
    'ledgerline_logs_differing{log="commands"}': 0,
    'ledgerline_log_unsealed_seconds{log="commands"}': 0,
    'ledgerline_http_requests_total{method="POST",route="/api/pipeline/trigger/{pipeline}",status="200"}': 1,
  })
  const lags = [...seen].filter(([name]) => name.startsWith('ledgerline_follower_lag_seconds'))
  expect(lags.length).toBeGreaterThan(10)
  for (const [name, seconds] of lags) expect([name, seconds < 10]).toEqual([name, true])
  expect(seen.get('process_cpu_seconds_total')).toBeGreaterThan(0.1)
  const guide = await readFile('docs/operating.md', 'utf8')
  const names = [...seen.keys()].map((name) => name.replace(/\{.*|_(bucket|sum|count)(?=\{)/g, ''))
  const own = new Set(names.filter((name) => name.startsWith('ledgerline_')).map((name) => name.slice(11)))
  expect([...own].filter((name) => !guide.includes(`\`${name}\``))).toEqual([])
  // What only a tenant may know stands nowhere.
  expect([...seen.keys()].filter((name) => /people|default/.test(name))).toEqual([])
}, 90_000)
