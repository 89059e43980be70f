import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { closeReceivers, receiver } from './receiver.ts'
import { pause, startService, temporaryDir } from './service.ts'

afterEach(closeReceivers)

const manifest = `
name: people
version: 1.0.0
sources: { people: { type: csv, path: people.csv } }
transformations:
  - { name: adults, type: sql, sql: "select * from people where age >= 18" }
  - { name: counted, type: sql, sql: "select count(*) n from people" }
sinks:
  adults: { type: parquet, from: adults, path: "adults/{partition}.parquet" }
  counted: { type: json, from: counted, path: "counted/{partition}.json" }
orchestration: { partition: { type: any } }
`

const open = async () => {
  const dataDir = await temporaryDir('drift')
  const pipelinesDir = join(dataDir, 'pipelines')
  const folder = join(dataDir, 'tenants', 'default')
  await mkdir(pipelinesDir)
  await mkdir(folder, { recursive: true })
  await writeFile(join(pipelinesDir, 'people.yaml'), manifest)
  const service = await startService({ DATA_DIR: dataDir, PIPELINES_DIR: pipelinesDir, WEBHOOK_ALLOW_PRIVATE: 'true' })
  onTestFinished(async () => void (await service.stop()))
  const client = new BatchClient(service.url)
  const run = async (batch: string, csv: string): Promise<string> => {
    await writeFile(join(folder, 'people.csv'), csv)
    const runId = await client.triggered('people', batch)
    expect(await client.finished(runId)).toMatchObject({ status: 'SUCCESS' })
    return runId
  }
  const register = async (url: string, events: string[]): Promise<string> => {
    const response = await fetch(`${service.url}/api/pipeline/webhooks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url, events }),
    })
    return ((await response.json()) as { secret: string }).secret
  }
  const driftOf = async (runId: string) =>
    (await client.history(runId)).filter(({ type }) => type === 'DriftDetected').map(({ data }) => data)
  return { run, register, driftOf }
}

const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await isSo()) return
    await pause(50)
  }
  throw new Error(`never so: ${isSo}`)
}

test('a source whose columns change between two runs is drift: in the history of the later, and one signed webhook', async () => {
  const { run, register, driftOf } = await open()
  const { url, messages } = await receiver(() => 204)
  const secret = await register(url, ['DRIFT'])
  const ends = await receiver(() => 204)
  await register(ends.url, ['SUCCESS'])

  const first = await run('b1', 'name,age,town\nAda,36,London\n')
  const same = await run('b2', 'age,town,name\n40,Paris,Alan\n')
  const drifted = await run('b3', 'name,age,height\nAda,36.5,1.7\n')
  await until(async () => (await driftOf(drifted)).length > 0)
  const changes = {
    sink: 'adults',
    added: [{ name: 'height', type: 'DOUBLE' }],
    removed: [{ name: 'town', type: 'VARCHAR' }],
    retyped: [{ name: 'age', from: 'BIGINT', to: 'DOUBLE' }],
  }
  const since = same.replace(/^run_/, '')
  expect(await driftOf(drifted)).toEqual([{ ...changes, runId: drifted.replace(/^run_/, ''), since }])

  await until(() => messages.length > 0 && ends.messages.length === 3)
  const [message] = messages
  expect(new Webhook(secret).verify(message?.body ?? '', message?.headers as Record<string, string>)).toEqual({
    event: 'PIPELINE_COMPLETED',
    run_id: drifted,
    pipeline: 'people',
    status: 'DRIFT',
    batch_id: 'b3',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    drift: changes,
  })

  const last = await run('b4', 'name,age,height\nAlan,40.5,1.8\n')
  await until(() => ends.messages.length === 4)
  expect(messages).toHaveLength(1)
  for (const runId of [first, same, last]) expect(await driftOf(runId)).toEqual([])
})
