import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { naiveTree } from '../evidence/naive.ts'
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

let service: Service
let client: BatchClient
let runId = ''
/** Where there is the verifier, what is put there, and nothing else. */
let elsewhere = ''

beforeAll(async () => {
  const dataDir = await temporaryDir('evidence')
  const [pipelinesDir, folder] = [join(dataDir, 'pipelines'), join(dataDir, 'tenants', 'default')]
  await mkdir(pipelinesDir)
  await mkdir(folder, { recursive: true })
  await writeFile(join(pipelinesDir, 'people.yaml'), manifest)
  await writeFile(join(folder, 'people.csv'), 'name,age\nAda,36\nAlan,41\n')
  service = await startService({ DATA_DIR: dataDir, PIPELINES_DIR: pipelinesDir })
  client = new BatchClient(service.url)
  runId = await client.triggered('people', 'b1')
  expect(await client.finished(runId)).toMatchObject({ status: 'SUCCESS' })
  elsewhere = await temporaryDir('auditor')
  await copyFile('dist/verify.mjs', join(elsewhere, 'verify.mjs'))
}, 90_000)

afterAll(async () => void (await service.stop()))

const get = async (path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${service.url}${path}`, { headers })
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return { headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
}
const textOf = async (path: string): Promise<string> => (await get(path)).bytes.toString()
const jsonOf = async <Json>(path: string): Promise<Json> => JSON.parse(await textOf(path)) as Json
const keyOf = async (log = '/ledger/default'): Promise<string> => (await textOf(`${log}/key`)).trim()
const treeOf = async (log = '/ledger/default') => {
  const [origin = '', size = '0', root = ''] = (await textOf(`${log}/checkpoint`)).split('\n')
  return { origin, size: Number(size), root: Buffer.from(root, 'base64') }
}

/** As an auditor does it: the verifier and the file, and no environment. */
const verified = async (bytes: Uint8Array, ...args: string[]) => {
  await writeFile(join(elsewhere, 'bundle.json'), bytes)
  const { status, stdout } = spawnSync(process.execPath, ['verify.mjs', 'bundle.json', ...args], {
    cwd: elsewhere,
    env: {},
    encoding: 'utf8',
  })
  return { status, last: stdout.trim().split('\n').at(-1) }
}

describe('the bundle of a run', () => {
  test('is verified offline, with the key of the log', async () => {
    const { bytes, headers } = await get(`/evidence/runs/${runId}`)
    expect(headers.get('content-type')).toBe('application/vnd.ledgerline.evidence+json')
    const types = (JSON.parse(bytes.toString()) as { leaves: { envelope: { type: string } }[] }).leaves
    expect(types.map(({ envelope }) => envelope.type)).toEqual((await client.history(runId)).map(({ type }) => type))
    expect(await verified(bytes, '--key', await keyOf())).toEqual({ status: 0, last: 'VERIFIED' })
  })

  test('is refused after a change of one letter, and unverified without a key', async () => {
    const { bytes } = await get(`/evidence/runs/${runId}`)
    const changed = Buffer.from(bytes.toString().replace('"people"', '"peopla"'))
    expect(await verified(changed, '--key', await keyOf())).toEqual({ status: 1, last: 'FAILED: events' })
    expect(await verified(bytes)).toEqual({ status: 2, last: 'UNVERIFIED' })
    const foreign = await verified(bytes, '--key', await keyOf('/ledger/default/access'))
    expect(foreign.status).toBe(1)
  })

  test('comes as gzip on request, the same bytes', async () => {
    const { headers, bytes } = await get(`/evidence/runs/${runId}`, { 'accept-encoding': 'gzip' })
    expect(headers.get('content-encoding')).toBe('gzip')
    expect(await verified(bytes, '--key', await keyOf())).toMatchObject({ status: 0 })
  })
})

test('the bundle of a pipeline is found by name and by id', async () => {
  const { bytes } = await get('/evidence/pipelines/people')
  const { claim } = JSON.parse(bytes.toString()) as { claim: { id: string } }
  expect(await verified(bytes, '--key', await keyOf())).toMatchObject({ status: 0 })
  expect(JSON.parse(await textOf(`/evidence/pipelines/${claim.id}`))).toMatchObject({ claim })
})

describe('the bundle of a period', () => {
  test('has every leaf of the log up to now', async () => {
    const { bytes, headers } = await get('/evidence/period?from=2000-01-01&to=2100-01-01')
    const { leaves } = JSON.parse(bytes.toString()) as { leaves: { envelope: { index: number } }[] }
    expect(leaves.map(({ envelope }) => envelope.index)).toEqual(leaves.map((_, index) => index))
    expect(leaves.length).toBe((await treeOf()).size)
    expect(headers.get('evidence-begin')).toBe('beginning')
    expect(await verified(bytes, '--key', await keyOf())).toEqual({ status: 0, last: 'VERIFIED' })
  })

  test('goes on from an earlier checkpoint, with whole events of the types asked for', async () => {
    const second = await client.triggered('people', 'b2')
    await client.finished(second)
    const from = (await client.history(second)).at(0)?.recorded_at ?? ''
    const path = `/evidence/period?from=${from}&to=2100-01-01&type=RunRequested,RunSucceeded`
    const asked = async () => {
      const { bytes, headers } = await get(path)
      const { since, leaves } = JSON.parse(bytes.toString()) as { since: object; leaves: { event?: object }[] }
      return { bytes, headers, since, told: leaves.filter(({ event }) => event).length }
    }
    // The end of the run is sealed within a second.
    await expect.poll(async () => (await asked()).told, { timeout: 10_000 }).toBe(2)
    const { bytes, headers, since } = await asked()
    expect(since).not.toBeNull()
    const begin = headers.get('evidence-begin') ?? ''
    expect(begin <= from).toBe(true)
    expect(await verified(bytes, '--key', await keyOf())).toEqual({ status: 0, last: 'VERIFIED' })
  })
})

/** All leaf hashes of a tree, off the tiles. */
const leavesOf = async (log: string, size: number): Promise<Buffer[]> => {
  const leaves: Buffer[] = []
  for (let index = 0; index * 256 < size; index += 1) {
    const width = Math.min(256, size - index * 256)
    const { bytes } = await get(`${log}/tile/0/${String(index).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`)
    for (let at = 0; at < bytes.length; at += 32) leaves.push(bytes.subarray(at, at + 32))
  }
  return leaves
}

test('the tiles lead to the root of the checkpoint, and the entries to the tiles', async () => {
  const { origin, size, root } = await treeOf()
  expect(origin).toBe((await keyOf()).split('+')[0])
  const leaves = await leavesOf('/ledger/default', size)
  expect(naiveTree(leaves).root(size)).toEqual(root)
  const { bytes } = await get(`/ledger/default/tile/entries/000.p/${Math.min(size, 255)}`)
  const hashes: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16BE(at)
    hashes.push(
      createHash('sha256')
        .update(Buffer.of(0))
        .update(bytes.subarray(at + 2, at + 2 + length))
        .digest(),
    )
    at += 2 + length
  }
  expect(hashes).toEqual(leaves.slice(0, 255))
})

test('proofs are those of RFC 9162', async () => {
  const earlier = await treeOf()
  await client.finished(await client.triggered('people', 'b3'))
  await get(`/evidence/period?from=2000-01-01&to=2100-01-01`)
  const later = await treeOf()
  expect(later.size).toBeGreaterThan(earlier.size)
  const naive = naiveTree(await leavesOf('/ledger/default', later.size))
  const hex = (hashes: readonly Buffer[]) => hashes.map((hash) => hash.toString('hex'))
  const query = `from=${earlier.size}&to=${later.size}`
  const { proof } = await jsonOf<{ proof: string[] }>(`/ledger/default/proof/consistency?${query}`)
  expect(proof).toEqual(hex(naive.consistency(earlier.size, later.size)))
  expect(naive.root(earlier.size)).toEqual(earlier.root)

  const { bytes } = await get(`/evidence/runs/${runId}`)
  const { leaves } = JSON.parse(bytes.toString()) as { leaves: { envelope: { id: string; index: number } }[] }
  for (const { envelope } of leaves) {
    const path = `/ledger/default/proof/inclusion?event=${envelope.id}&size=${earlier.size}`
    const found = await jsonOf<{ index: number; leaf: string; proof: string[] }>(path)
    expect(found.index).toBe(envelope.index)
    expect(JSON.parse(found.leaf)).toEqual(envelope)
    expect(found.proof).toEqual(hex(naive.inclusion(envelope.index, earlier.size)))
  }
})
