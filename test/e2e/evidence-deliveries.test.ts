import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { canonicalJson } from '../../src/domain/canonical-json.ts'
import { untilSo } from '../crash/stack.ts'
import { BatchClient } from './batch-client.ts'
import { closeReceivers, receiver } from './receiver.ts'
import { drillPipelines, type Service, startService, temporaryDir } from './service.ts'

interface Leaf {
  envelope: { type: string; stream: string; revision: number }
  event: { data: Record<string, unknown> }
}
interface Bundle {
  claim: { id: string; streams: string[] }
  leaves: Leaf[]
}

let service: Service
let client: BatchClient
let dir = ''
let runId = ''
let webhookId = ''
let secret = ''
let hookUrl = ''

beforeAll(async () => {
  dir = await temporaryDir('evidence-deliveries')
  service = await startService({
    DATA_DIR: dir,
    PIPELINES_DIR: drillPipelines,
    WEBHOOK_ALLOW_PRIVATE: 'true',
    WEBHOOK_RETRY_SCHEDULE: '0s,50ms,50ms',
  })
  client = new BatchClient(service.url)
  // The first attempt fails, the second arrives.
  const { messages, url } = await receiver((count) => (count === 1 ? 500 : 204))
  hookUrl = url
  const response = await fetch(`${service.url}/api/pipeline/webhooks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ url, events: ['SUCCESS'] }),
  })
  const registered = (await response.json()) as { webhook_id: string; secret: string }
  webhookId = registered.webhook_id
  secret = registered.secret
  const run = await client.triggered('drill-days', 'told')
  await client.finished(run)
  runId = run.replace(/^run_/, '')
  await untilSo(() => messages.length === 2, 60_000)
  await untilSo(async () => typesIn((await bundle()).leaves, 'delivery').length === 3, 60_000)
}, 90_000)

afterAll(async () => {
  closeReceivers()
  await service.stop()
})

const text = async (path: string): Promise<string> => {
  const response = await fetch(`${service.url}${path}`)
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.text()
}
const bundle = async () => JSON.parse(await text(`/evidence/runs/${runId}`)) as Bundle
const typesIn = (leaves: readonly Leaf[], category: string) =>
  leaves.map(({ envelope }) => envelope).flatMap((each) => (each.stream.startsWith(category) ? [each.type] : []))
const verified = async (bytes: string) => {
  const file = join(dir, 'run.json')
  await writeFile(file, bytes)
  const key = await text('/ledger/default/key')
  const { status, stdout } = spawnSync(process.execPath, ['dist/verify.mjs', file, '--key', key], { encoding: 'utf8' })
  return { status, stdout }
}

test("a run's file has its command, stages, lineage, outputs and cost, and the messages about it with all attempts", async () => {
  const { claim, leaves } = await bundle()
  const own = typesIn(leaves, 'run-')
  expect(own[0]).toBe('RunRequested')
  expect(own).toEqual(expect.arrayContaining(['StageCompleted', 'LineageRecorded', 'OutputsCommitted']))
  expect(own.slice(-2)).toEqual(['RunCostRecorded', 'RunSucceeded'])
  expect(typesIn(leaves, 'delivery-')).toEqual(['DeliveryScheduled', 'DeliveryAttempted', 'DeliveryAttempted'])
  const told = leaves.filter(({ envelope }) => envelope.stream.startsWith('delivery-')).map(({ event }) => event.data)
  expect(told[0]).toMatchObject({ runId, webhookId, body: { status: 'SUCCESS', batch_id: 'told' } })
  expect(told.slice(1)).toMatchObject([
    { attempt: 1, outcome: 'failed', status: 500 },
    { attempt: 2, outcome: 'delivered', status: 204 },
  ])
  expect(claim.id).toBe(runId)
  expect(claim.streams.map((stream) => stream.split('-')[0])).toEqual(['delivery', 'run'])
})

test('it has nothing else: no claim of a partition, no webhook with its address or secret, no call', async () => {
  const bytes = await text(`/evidence/runs/${runId}`)
  const { leaves } = JSON.parse(bytes) as Bundle
  expect(leaves.filter(({ envelope: { stream } }) => !/^(run|delivery)-default\./.test(stream))).toEqual([])
  expect(bytes).not.toContain(secret)
  expect(bytes).not.toContain(hookUrl)

  const period = JSON.parse(await text('/evidence/period?from=2000-01-01&to=2100-01-01')) as Bundle
  const types = period.leaves.map(({ envelope }) => envelope.type)
  expect(types).toEqual(expect.arrayContaining(['PartitionClaimed', 'PartitionReleased', 'WebhookRegistered']))
  expect(types).not.toContain('ApiCallsRecorded')
})

test('it is verified, and after a message was changed or left out it is not', async () => {
  const bytes = await text(`/evidence/runs/${runId}`)
  const { status, stdout } = await verified(bytes)
  expect([status, stdout]).toEqual([0, expect.stringContaining(`run "${runId}": 2 streams, without a gap`)])
  const delivered = await verified(bytes.replace('"outcome":"failed"', '"outcome":"denied"'))
  expect(delivered.stdout).toMatch(/\nFAILED: events\n$/)
  const { leaves, ...rest } = JSON.parse(bytes)
  const fewer = (leaves as Leaf[]).filter(
    ({ envelope: { stream, revision } }) => stream.startsWith('run-') || revision !== 1,
  )
  const dropped = await verified(canonicalJson({ ...rest, leaves: fewer }))
  expect(dropped.stdout).toMatch(/goes on with revision 2 instead of 1\n\nFAILED: claim\n$/)
})
