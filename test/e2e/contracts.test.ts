import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { type Service, startService, temporaryDir } from './service.ts'

const manifest = `
name: people
version: 1.0.0
sources: { people: { type: csv, path: people.csv } }
sinks:
  people: { type: csv, from: people, path: "people/{partition}.csv" }
orchestration: { partition: { type: any }, retries: 2 }
contract: { sink: people, ref: people@v1 }
`

let service: Service
let client: BatchClient
let folder: string

beforeAll(async () => {
  const dataDir = await temporaryDir('contracts')
  const pipelinesDir = join(dataDir, 'pipelines')
  folder = join(dataDir, 'tenants', 'default')
  await mkdir(pipelinesDir)
  await mkdir(folder, { recursive: true })
  await writeFile(join(pipelinesDir, 'people.yaml'), manifest)
  service = await startService({ DATA_DIR: dataDir, PIPELINES_DIR: pipelinesDir })
  client = new BatchClient(service.url)
}, 60_000)

afterAll(() => service.stop())

const run = async (batch: string, csv: string) => {
  await writeFile(join(folder, 'people.csv'), csv)
  return client.finished(await client.triggered('people', batch))
}

const register = async (version: string, properties: object): Promise<number> => {
  const schema = { type: 'object', required: ['name'], properties, additionalProperties: false }
  const response = await fetch(`${service.url}/pipelines/contracts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'people', version, schema }),
  })
  return response.status
}

const errorOf = async (runId: string) =>
  (await client.history(runId)).filter(({ type }) => type === 'RunFailed').map(({ data }) => data.error)

const failures = async (runId: string) =>
  (await client.history(runId)).filter(({ type }) => type === 'StageFailed').length

test('a run whose contract nobody has registered fails, and says so', async () => {
  const ended = await run('b1', 'name,age\nAda,36\n')
  expect(ended.status).toBe('FAILURE')
  expect(await errorOf(ended.run_id)).toEqual([
    { code: 'CONTRACT_NOT_FOUND', message: "contract.ref: there is no version v1 of a contract 'people'" },
  ])
  expect(await failures(ended.run_id)).toBe(1)
})

test('a run whose rows keep the contract succeeds; one with rows that break it fails at the sink, and is not tried again', async () => {
  expect(await register('v1', { name: { type: 'string' }, age: { type: 'integer', minimum: 0 } })).toBe(201)
  expect((await run('b2', 'name,age\nAda,36\n')).status).toBe('SUCCESS')
  expect(await readFile(join(folder, 'people/b2.csv'), 'utf8')).toBe('name,age\nAda,36\n')

  const broken = await run('b3', 'name,age\nAda,36\n,41\nAlan,-1\n')
  expect(broken).toMatchObject({ status: 'FAILURE', error: { details: { failed_asset: 'load_people' } } })
  const message =
    "2 of 3 rows of the sink 'people' break the contract people@v1; the first is row 2: /name must be string"
  expect(await errorOf(broken.run_id)).toEqual([{ code: 'CONTRACT_VIOLATED', message }])
  expect(broken.error?.details.error).toContain(message)
  expect(await failures(broken.run_id)).toBe(1)
  await expect(readFile(join(folder, 'people/b3.csv'))).rejects.toThrow('ENOENT')
})
