import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { type Service, startService, temporaryDir } from './service.ts'

const manifest = `
name: people
version: 1.0.0
sources: { people: { type: csv, path: people.csv } }
transformations: [{ name: adults, type: sql, sql: "select * from people where age >= 18" }]
sinks: { adults: { type: parquet, from: adults, path: "adults/{partition}.parquet" } }
orchestration: { partition: { type: any } }
`
const partLeaves = 60
const runs = 12

let env: Record<string, string>
let service: Service
/** Where there is the verifier, what is put there, and nothing else. */
let elsewhere = ''
const jobsDir = () => join(env.DATA_DIR ?? '', 'evidence-jobs')

beforeAll(async () => {
  const dataDir = await temporaryDir('evidence-jobs')
  const [pipelinesDir, folder] = [join(dataDir, 'pipelines'), join(dataDir, 'tenants', 'default')]
  await mkdir(pipelinesDir)
  await mkdir(folder, { recursive: true })
  await writeFile(join(pipelinesDir, 'people.yaml'), manifest)
  await writeFile(join(folder, 'people.csv'), 'name,age\nAda,36\nAlan,41\n')
  env = { DATA_DIR: dataDir, PIPELINES_DIR: pipelinesDir, EVIDENCE_PART_LEAVES: String(partLeaves) }
  service = await startService(env)
  const client = new BatchClient(service.url)
  for (let run = 0; run < runs; run += 1) {
    await client.finished(await client.triggered('people', `b${run}`))
    // So that a checkpoint lies between any two runs.
    await fetch(`${service.url}/evidence/period?from=2000-01-01&to=2100-01-01`).then((answer) => answer.arrayBuffer())
  }
  elsewhere = await temporaryDir('auditor')
  await copyFile('dist/verify.mjs', join(elsewhere, 'verify.mjs'))
}, 120_000)

afterAll(async () => void (await service.stop()))

interface Job {
  id: string
  status: string
  failure: { message: string } | null
  result: { href: string; bytes: number; parts: number; leaves: number }
}

const ask = async (body: object): Promise<{ job: Job; location: string }> => {
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify(body) }
  const response = await fetch(`${service.url}/evidence/jobs`, init)
  expect(response.status).toBe(202)
  return { job: (await response.json()) as Job, location: response.headers.get('location') ?? '' }
}
const jsonOf = async (path: string): Promise<Job> => (await fetch(`${service.url}${path}`)).json() as Promise<Job>
const finished = async (location: string): Promise<Job> => {
  await expect.poll(async () => (await jsonOf(location)).status, { timeout: 30_000 }).toMatch(/^(done|failed)$/)
  return jsonOf(location)
}
const bytesOf = async (path: string, encoding = 'identity'): Promise<Buffer> => {
  const response = await fetch(`${service.url}${path}`, { headers: { 'accept-encoding': encoding } })
  expect(response.status).toBe(200)
  return Buffer.from(await response.arrayBuffer())
}

/** As an auditor does it: the verifier and the file, and no environment. */
const verified = async (bytes: Uint8Array) => {
  const key = (await bytesOf('/ledger/default/key')).toString().trim()
  await writeFile(join(elsewhere, 'chain'), bytes)
  const options = { cwd: elsewhere, env: {}, encoding: 'utf8' } as const
  const { status, stdout } = spawnSync(process.execPath, ['verify.mjs', 'chain', '--key', key], options)
  return { status, lines: stdout.trim().split('\n') }
}

test('the chain of a period is verified offline, and without a part it is not', async () => {
  const { location } = await ask({ from: '2000-01-01', to: '2100-01-01' })
  const { status, result } = await finished(location)
  expect(status).toBe('done')
  expect(result.parts).toBeGreaterThan(2)
  const bytes = await bytesOf(result.href)
  expect(bytes.length).toBe(result.bytes)
  expect(await bytesOf(result.href, 'gzip')).toEqual(bytes)
  const whole = await verified(bytes)
  expect([whole.status, whole.lines.at(-1)]).toEqual([0, 'VERIFIED'])
  const from = `${result.parts} parts without a gap: every leaf from the beginning of the log to the checkpoint of`
  expect(whole.lines.join('\n')).toContain(`${from} ${result.leaves}`)
  const parts = bytes.toString().trim().split('\n')
  for (const part of parts) expect((JSON.parse(part) as { leaves: [] }).leaves.length).toBeLessThanOrEqual(partLeaves)
  const lacking = await verified(Buffer.from(`${parts.toSpliced(1, 1).join('\n')}\n`))
  expect([lacking.status, lacking.lines.at(-1)]).toEqual([1, 'FAILED: contiguity'])
  const cut = await verified(bytes.subarray(0, -100))
  expect([cut.status, cut.lines.at(-1)]).toEqual([1, 'FAILED: line'])
})

test('a job begins at a later checkpoint, and one that is removed leaves nothing', async () => {
  const middle = new Date(Date.now() - 1_000).toISOString()
  const { location } = await ask({ from: middle, to: '2100-01-01', type: 'RunRequested' })
  const { result, id } = await finished(location)
  const { status, lines } = await verified(await bytesOf(result.href))
  expect([status, lines.at(-1)]).toEqual([0, 'VERIFIED'])
  expect(lines.join('\n')).toMatch(/every leaf from the checkpoint of \d+ leaves/)
  expect((await fetch(`${service.url}${location}`, { method: 'DELETE' })).status).toBe(204)
  expect((await fetch(`${service.url}${location}`)).status).toBe(404)
  expect(readdirSync(jobsDir()).filter((name) => name.startsWith(id))).toEqual([])
})

test('what is done outlasts a kill, and what is not says that the service was restarted', async () => {
  const [kept] = ((await jsonOf('/evidence/jobs')) as unknown as { jobs: Job[] }).jobs
  const before = await bytesOf(kept?.result.href ?? '')
  const { location } = await ask({ from: '2000-01-01', to: '2100-01-01' })
  await service.killGroup()
  service = await startService(env)
  expect(await bytesOf(kept?.result.href ?? '')).toEqual(before)
  const { status, failure } = await finished(location)
  if (status === 'failed') expect(failure?.message).toMatch(/^the service was restarted/)
  expect(readdirSync(jobsDir()).filter((name) => name.endsWith('.part'))).toEqual([])
  const again = await ask({ from: '2000-01-01', to: '2100-01-01' })
  expect((await finished(again.location)).status).toBe('done')
})
