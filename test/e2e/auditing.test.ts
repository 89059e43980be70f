import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pause, type Service, startService, temporaryDir } from './service.ts'

const run = promisify(execFile)
const cli = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url))
let service: Service
let dataDir: string
let audrey: string

beforeAll(async () => {
  dataDir = await temporaryDir('auditing')
  service = await startService({ DATA_DIR: dataDir, AUTH: 'required' })
  const olga = await tokenFor('olga', 'operator')
  audrey = await tokenFor('audrey', 'auditor')
  const body = JSON.stringify({ batch_id: '2012-03', run_id: 'march' })
  const headers = { authorization: `Bearer ${olga}`, 'content-type': 'application/json' }
  await fetch(`${service.url}/api/pipeline/trigger/weather-monthly`, { method: 'POST', headers, body })
  await ended()
}, 60_000)

afterAll(async () => {
  await service.stop()
})

const tokenFor = async (sub: string, roles: string): Promise<string> => {
  const args = [cli, 'token', '--sub', sub, '--tenant', 'default', '--roles', roles]
  return (await run(process.execPath, args, { env: { ...process.env, DATA_DIR: dataDir } })).stdout.trim()
}

const ask = (path: string) => fetch(service.url + path, { headers: { authorization: `Bearer ${audrey}` } })
const json = async (path: string) => (await (await ask(path)).json()) as Record<string, unknown>
const typesIn = (body: Record<string, unknown>) => (body.events as { type: string }[]).map(({ type }) => type)

const ended = async (): Promise<void> => {
  for (let tries = 0; tries < 300; tries += 1) {
    if (typesIn(await json('/history/events?run=march')).includes('PartitionReleased')) return
    await pause(100)
  }
  throw new Error('the run never released its partition')
}

test('an auditor reads what led to what in a real run', async () => {
  const body = await json('/history/runs/march/timeline')
  const events = body.events as { n: number; type: string; caused_by: number | null; summary: string }[]
  const of = (type: string) => events.find((event) => event.type === type)
  expect(events[0]?.type).toBe('PartitionClaimed')
  expect(of('RunStarted')?.caused_by).toBe(of('RunQueued')?.n)
  expect(of('PartitionReleased')?.caused_by).toBe(of('RunSucceeded')?.n)
  expect(of('RunRequested')?.summary).toMatch(/^p-[a-z2-7]{26} asked for a run of weather-monthly/)
})

test('an auditor pages through everything, as it stood, and exports the same', async () => {
  const { as_of } = await json('/history/events?limit=1')
  const paged: unknown[] = []
  let cursor = ''
  for (let more = true; more; ) {
    const body = await json(`/history/events?limit=7&as_of=${as_of}${cursor}`)
    paged.push(...(body.events as { event_id: string }[]).map(({ event_id }) => event_id))
    more = body.more === true
    cursor = `&cursor=${body.next}`
  }
  const exported = (await (await ask(`/history/events?format=ndjson&as_of=${as_of}`)).text()).trimEnd().split('\n')
  const lines = exported.map((line) => JSON.parse(line) as { record: string; event_id: string })
  expect(lines.at(-1)?.record).toBe('end')
  expect(lines.slice(0, -1).map(({ event_id }) => event_id)).toEqual(paged)
  expect(paged.length).toBeGreaterThan(10)
  const now = new Date(Date.now() - 1).toISOString()
  expect(typesIn(await json(`/history/events?limit=1000&as_of=${now}`)).length).toBeGreaterThanOrEqual(paged.length)
})

test('an export carries the newest checkpoint, and is itself on record', async () => {
  const from = new Date().toISOString()
  let checkpoint: string | null = null
  for (let tries = 0; tries < 100 && (checkpoint ?? 'none') === 'none'; tries += 1) {
    const response = await ask('/history/events?format=csv&outcome=succeeded')
    checkpoint = response.headers.get('ledger-checkpoint')
    const text = await response.text()
    expect(text).toMatch(/^record,event_id,/)
    expect(text).toMatch(/\r\nend,[^\r\n]+\r\n$/)
    await pause(50)
  }
  expect(checkpoint).toMatch(/^commands \d+ [0-9a-f]{64}$/)
  const { calls } = await json(`/history/access?from=${from}`)
  const exports = (calls as { query: { format?: string }; policy: string }[]).filter(({ query }) => query.format)
  expect(exports[0]).toMatchObject({ policy: 'export-history', query: { format: 'csv', outcome: 'succeeded' } })
})
