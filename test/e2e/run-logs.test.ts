import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EventStoreDBClient } from '@eventstore/db-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { drillPipelines, type Service, startService, temporaryDir } from './service.ts'

interface Line {
  run_id?: string
  level: string
  stage: string | null
  error_type: string | null
  message: string
  fields: Record<string, unknown>
}

let dataDir: string
let service: Service
let client: BatchClient

beforeAll(async () => {
  dataDir = await temporaryDir('run-logs')
  const files = join(dataDir, 'tenants/default')
  await mkdir(files, { recursive: true })
  await writeFile(join(files, 'orders.csv'), 'id,price\n1,10\n2,\n3,30\n')
  service = await startService({ DATA_DIR: dataDir, PIPELINES_DIR: drillPipelines, RUN_LOG_DAYS: '7' })
  client = new BatchClient(service.url)
}, 60_000)

afterAll(() => service.stop())

const ask = async (path: string) => {
  const response = await fetch(service.url + path)
  const body = (await response.json()) as { lines: Line[]; next: string | null; kept_days: number }
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${JSON.stringify(body)}`)
  return body
}

/** Each message of the stream of a run's lines, with the time at which it came. */
const followed = async function* (runId: string): AsyncGenerator<{ event: string; data: Line; atMs: number }> {
  const response = await fetch(`${service.url}/pipelines/runs/${runId}/logs?follow=true`)
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString('utf8')
    const messages = text.split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/m.exec(message) ?? []
      if (event && data) yield { event, data: JSON.parse(data), atMs: Date.now() }
    }
  }
}

test('lines are told while the run is at work, and the stream ends when it has failed', async () => {
  const runId = await client.triggered('drill-faults', 'one')
  const told: { event: string; data: Line; atMs: number }[] = []
  for await (const message of followed(runId)) told.push(message)
  const endedMs = Date.now()
  const sleeping = told.find(({ data }) => data.message === 'Sleeping for 1.5 s')
  expect(endedMs - (sleeping?.atMs ?? endedMs)).toBeGreaterThan(1_000)
  expect(told.at(-1)).toMatchObject({ event: 'end', data: { status: 'failed' } })
  expect(told.map(({ data }) => data.message)).toEqual([
    expect.stringMatching(/^Attempt 1 was taken up by worker /),
    'Stage wait has begun',
    'Sleeping for 1.5 s',
    expect.stringMatching(/^Stage wait has completed after \d+ ms$/),
    'Stage priced has begun',
    'Source orders is orders.csv, 22 bytes',
    expect.stringMatching(/^priced has 3 rows, from 22 bytes read, in \d+ ms$/),
    expect.stringMatching(/^Stage priced has completed after \d+ ms$/),
    'Stage quality_checks has begun',
    'Check has_rows has passed: 3 rows of priced',
    'Check priced has failed: 1 of 3 rows have no price',
    'Stage quality_checks has failed: priced: 1 of 3 rows have no price',
    'The run has failed: it is not tried again',
    undefined,
  ])
})

test('the fault is found by its type, in the run and over all runs', async () => {
  const runId = await client.triggered('drill-faults', 'two')
  await client.finished(runId)
  await expect
    .poll(async () => (await ask(`/pipelines/runs/${runId}/logs?error_type=QUALITY_CHECK_FAILED`)).lines.length)
    .toBe(3)
  const { lines, kept_days } = await ask(`/pipelines/runs/${runId}/logs?error_type=QUALITY_CHECK_FAILED`)
  expect(kept_days).toBe(7)
  expect(lines[0]).toMatchObject({
    level: 'error',
    stage: 'quality_checks',
    message: 'Check priced has failed: 1 of 3 rows have no price',
    fields: { check: 'priced', type: 'not_null', table: 'priced', rows: 3 },
  })
  const over = await ask('/pipelines/logs?pipeline=drill-faults&error_type=QUALITY_CHECK_FAILED&text=check%20priced')
  expect(over.lines.map(({ message }) => message)).toEqual([lines[0]?.message, lines[0]?.message])
  expect(over.lines[0]?.run_id).toBe(runId.replace(/^run_/, ''))
})

test('pages of a run are together what is there', async () => {
  const runId = await client.triggered('drill-days', 'three')
  await client.finished(runId)
  const path = `/pipelines/runs/${runId}/logs`
  await expect
    .poll(async () => (await ask(path)).lines.at(-1)?.message, { timeout: 10_000 })
    .toMatch(/^The run has succeeded/)
  const paged: Line[] = []
  for (let next: string | null = ''; next !== null; ) {
    const page = await ask(`${path}?limit=4${next && `&cursor=${next}`}`)
    paged.push(...page.lines)
    next = page.next
  }
  expect(paged).toEqual((await ask(path)).lines)
  expect(paged.filter(({ message }) => message.startsWith('Sink')).map(({ fields }) => fields)).toMatchObject([
    { sink: 'numbers', path: 'drill/three.parquet', rows: 1_000 },
    { sink: 'copies', path: 'drill/three.csv', rows: 1_000 },
  ])
})

test('the ledger keeps them for a week, and they are neither history nor evidence', async () => {
  const runId = (await client.triggered('drill-days', 'four')).replace(/^run_/, '')
  await client.finished(runId)
  const [url = ''] = (await readFile(join(dataDir, 'ledger-address'), 'utf8')).split(' ')
  const ledger = EventStoreDBClient.connectionString(url)
  const { metadata } = await ledger.getStreamMetadata(`runlog-default.${runId}`)
  expect(metadata).toEqual({ maxAge: 7 * 86_400 })
  const idsOf = async (stream: string): Promise<string[]> => {
    const ids: string[] = []
    for await (const { event } of ledger.readStream(stream)) if (event) ids.push(event.id)
    return ids
  }
  const proofOf = async (id: string | undefined) =>
    (await fetch(`${service.url}/ledger/default/proof/inclusion?event=${id}`)).status
  const [said] = await idsOf(`runlog-default.${runId}`)
  const last = (await idsOf(`run-default.${runId}`)).at(-1)
  await ledger.dispose()
  await expect.poll(() => proofOf(last), { timeout: 10_000 }).toBe(200)
  expect(await proofOf(said)).toBe(404)
  expect((await client.history(runId)).map(({ type }) => type)).not.toContain('RunLogged')
  expect(await client.text('/history/events?limit=1000')).not.toContain('RunLogged')
})
