import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { MakeChain } from '../../src/app/ports/evidence-jobs.ts'
import type { Identity } from '../../src/auth/principal.ts'
import { parseVerifierKey } from '../../src/evidence/note.ts'
import { verifyFile } from '../../src/evidence/verifier/chain.ts'
import { policyOf } from '../../src/evidence/verifier/policy.ts'
import { openApi } from '../support/api.ts'
import { evidenceIn } from '../support/evidence.ts'
import { evidenceJobsIn } from '../support/evidence-jobs.ts'
import { identityOf } from '../support/identities.ts'
import { otherTenant, tenant } from '../support/ids.ts'
import { SilentLog } from '../support/log.ts'

const tokens: Record<string, Identity> = {
  auditor: identityOf('auditor', { roles: ['auditor'] }),
  operator: identityOf('operator', { roles: ['operator'] }),
  foreign: identityOf('foreign', { roles: ['auditor'], tenants: [otherTenant] }),
}
const whole = { from: '2000-01-01', to: '2100-01-01' }

interface Job {
  id: string
  status: string
  progress: { leaves_done: number; leaves_total: number; parts: number }
  result: { href: string; bytes: number; leaves: number; parts: number }
}

/** A log of some checkpoints, sealed one after the other, and parts of so many leaves. */
const open = async (partLeaves = 100, make?: (real: MakeChain) => MakeChain) => {
  const api = await openApi({ tokens, open: false })
  const evidence = evidenceIn(api.ledger, api.commands, { nowMs: () => 0 })
  api.services.evidence = evidence
  const real = (leaves: number) => evidence.makeChain(Math.min(leaves, partLeaves))
  const makeChain = make ? (leaves: number) => make(real(leaves)) : real
  api.services.evidenceJobs = evidenceJobsIn(makeChain, { nowMs: api.services.nowMs, log: new SilentLog() })
  await evidence.newest(tenant, 'commands')
  for (const id of ['r1', 'r2', 'r3', 'r4']) {
    const body = { batch_id: id, run_id: id }
    await api.post('/api/pipeline/trigger/flights', body, { authorization: 'Bearer operator' })
    await evidence.newest(tenant, 'commands')
  }
  const ask = async (method: string, path: string, body?: object, who = 'auditor', more: object = {}) => {
    const headers = { authorization: `Bearer ${who}`, 'content-type': 'application/json', ...more }
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response = await api.app.request(path, init)
    const bytes = Buffer.from(await response.arrayBuffer())
    const isJson = /json$/.test(response.headers.get('content-type') ?? '')
    const json = (isJson ? JSON.parse(bytes.toString()) : {}) as Job & { title: string; detail: string; jobs: Job[] }
    return { status: response.status, headers: response.headers, bytes, ...{ json } }
  }
  const post = (body: object, who?: string) => ask('POST', '/evidence/jobs', body, who)
  const get = (path: string, who?: string, more?: object) => ask('GET', path, undefined, who, more)
  const verified = (bytes: Uint8Array) => {
    const folder = mkdtempSync(join(tmpdir(), 'ledgerline-jobs-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'chain'), bytes)
    return verifyFile(join(folder, 'chain'), policyOf(evidence.keys(tenant, 'commands').map(parseVerifierKey)))
  }
  // The first call of a person is an event too.
  await get('/evidence/jobs')
  const leaves = (await evidence.newest(tenant, 'commands'))?.size
  return { ...api, ask, post, get, verified, leaves }
}

describe('a job for evidence', () => {
  test('is taken, made in parts, and its result is verified', async () => {
    const { post, get, verified, leaves: all } = await open(6)
    const taken = await post(whole)
    const path = taken.headers.get('location') ?? ''
    expect([taken.status, taken.json.status, path]).toEqual([202, 'queued', `/evidence/jobs/${taken.json.id}`])
    const { json } = await get(path)
    expect(json).toMatchObject({ status: 'done', types: null, result: { href: `${path}/file`, leaves: all } })
    expect(json.progress).toEqual({ leaves_done: all, leaves_total: all, parts: json.result.parts })
    const file = await get(json.result.href)
    expect(file.headers.get('content-type')).toBe('application/vnd.ledgerline.evidence-chain')
    expect(file.headers.get('content-length')).toBe(String(json.result.bytes))
    expect(file.headers.get('evidence-parts')).toBe(String(json.result.parts))
    const lines = file.bytes.toString().split('\n')
    expect([lines.length - 1, lines.at(-1)]).toEqual([json.result.parts, ''])
    expect(lines.length - 1).toBeGreaterThan(2)
    const { verdict, checks } = verified(file.bytes)
    expect(verdict).toBe('VERIFIED')
    expect(checks.find(({ name }) => name === 'contiguity')?.detail).toMatch(
      /every leaf from the beginning of the log to/,
    )
  })

  test('carries whole events of the types asked for', async () => {
    const { post, get, verified, leaves: all } = await open(6)
    const { json } = await post({ ...whole, type: 'RunRequested' })
    const { bytes } = await get(`/evidence/jobs/${json.id}/file`)
    const parts = bytes.toString().trim().split('\n')
    const leaves = parts.flatMap((line) => (JSON.parse(line) as { leaves: { event?: object }[] }).leaves)
    expect([leaves.length, leaves.filter(({ event }) => event).length]).toEqual([all, 4])
    expect(verified(bytes).verdict).toBe('VERIFIED')
  })

  test('comes as gzip on request, and HEAD has no body', async () => {
    const { post, get, ask, leaves } = await open()
    const { json } = await post(whole)
    const path = `/evidence/jobs/${json.id}/file`
    const [plain, zipped] = [await get(path), await get(path, 'auditor', { 'accept-encoding': 'gzip' })]
    expect(zipped.headers.get('content-encoding')).toBe('gzip')
    expect(zipped.headers.has('content-length')).toBe(false)
    expect(gunzipSync(zipped.bytes)).toEqual(plain.bytes)
    const head = await ask('HEAD', path)
    expect([head.status, head.bytes.length, head.headers.get('evidence-leaves')]).toEqual([200, 0, String(leaves)])
  })

  test('is listed with the bounds, and removed', async () => {
    const { post, get, ask } = await open()
    const [first, second] = [(await post(whole)).json.id, (await post(whole)).json.id]
    const { json } = await get('/evidence/jobs')
    expect(json.jobs.map(({ id }) => id)).toEqual([first, second])
    expect(json).toMatchObject({ bounds: { jobs_max: 3, keep_seconds: 3_600 } })
    expect((await ask('DELETE', `/evidence/jobs/${first}`)).status).toBe(204)
    for (const path of [`/evidence/jobs/${first}`, `/evidence/jobs/${first}/file`]) {
      expect([(await get(path)).status, (await get(path)).json.title]).toEqual([404, 'EVIDENCE_JOB_NOT_FOUND'])
    }
    expect((await ask('DELETE', `/evidence/jobs/${first}`)).status).toBe(404)
    expect((await get('/evidence/jobs')).json.jobs.map(({ id }) => id)).toEqual([second])
  })

  test('is refused when the tenant has as many as are kept', async () => {
    const { post } = await open()
    for (const _ of [1, 2, 3]) expect((await post(whole)).status).toBe(202)
    const { status, json } = await post(whole)
    expect([status, json.title]).toEqual([409, 'EVIDENCE_JOBS_FULL'])
    expect((await post(whole, 'foreign')).status).not.toBe(409)
  })
})

describe('a job that fails says why, and has no file', () => {
  test.each([
    [
      'where more leaves lie between two checkpoints than a part may have',
      1,
      undefined,
      /^between the checkpoints of 0 and 2 leaves lie 2, and a part has 1 at most$/,
    ],
    [
      'where the result grows too large',
      6,
      (real: MakeChain): MakeChain =>
        (t, l, a, work) =>
          real(t, l, a, { ...work, bytesMax: 5_000 }),
      /^the result is larger than the 5000 bytes/,
    ],
    [
      'where the service is at fault',
      6,
      (): MakeChain => () => Promise.reject(new Error('secret')),
      /^the server failed at this job$/,
    ],
  ])('%s', async (_, partLeaves, make, said) => {
    const { post, get } = await open(partLeaves, make)
    const { id } = (await post(whole)).json
    const { json } = await get(`/evidence/jobs/${id}`)
    expect(json).toMatchObject({ status: 'failed', result: null, failure: { message: expect.stringMatching(said) } })
    const file = await get(`/evidence/jobs/${id}/file`)
    expect([file.status, file.json.title]).toEqual([409, 'EVIDENCE_JOB_NOT_DONE'])
  })
})

test.each([
  [{}, 'from: '],
  [{ from: '2026-01-01' }, 'to: '],
  [{ from: '2026-01-02', to: '2026-01-02' }, 'to: must be later than from'],
  [{ ...whole, log: 'all' }, 'log: must be one of commands, access'],
  [{ ...whole, type: 'RunRequestd' }, "type: 'RunRequestd' is no type of events of this log; there are"],
  [
    { ...whole, type: 'RunFailed', log: 'access' },
    "type: 'RunFailed' is no type of events of this log; there are ApiCallsRecorded",
  ],
  [{ ...whole, types: [] }, 'types: unknown field'],
])('%j is refused by the name of its field: %s', async (body, said) => {
  const { post, get } = await open()
  const { status, json } = await post(body)
  expect([status, json.detail]).toEqual([400, expect.stringContaining(said)])
  expect((await get('/evidence/jobs')).json.jobs).toEqual([])
})

test('jobs are for those who may read evidence, of their own tenant', async () => {
  const { post, get, ask } = await open()
  const path = `/evidence/jobs/${(await post(whole)).json.id}`
  expect((await post(whole, 'operator')).status).toBe(403)
  for (const each of ['/evidence/jobs', path, `${path}/file`]) expect((await get(each, 'operator')).status).toBe(403)
  expect((await ask('DELETE', path, undefined, 'operator')).status).toBe(403)
  for (const each of [path, `${path}/file`]) expect((await get(each, 'foreign')).status).toBe(404)
  expect((await ask('DELETE', path, undefined, 'foreign')).status).toBe(404)
  expect((await get('/evidence/jobs', 'foreign')).json.jobs).toEqual([])
  expect((await get(path)).status).toBe(200)
})

test('a job of calls takes ReadAccess too, at every step', async () => {
  const { services, post, get, ask } = await open()
  await services.evidenceJobs.ask(tenant, 'access', { from: '2000-01-01', to: '2100-01-01', types: null })
  const [{ id } = { id: '' }] = (await get('/evidence/jobs')).json.jobs
  const path = `/evidence/jobs/${id}`
  expect((await get(path)).json.status).toBe('failed')
  const { policies } = services
  services.policies = {
    decide: (asked) => {
      const decided = policies.decide(asked)
      return asked.action === 'ReadAccess' ? { ...decided, allowed: false } : decided
    },
  }
  expect((await post({ ...whole, log: 'access' })).status).toBe(403)
  for (const each of [path, `${path}/file`]) expect((await get(each)).status).toBe(403)
  expect((await ask('DELETE', path)).status).toBe(403)
  expect((await get('/evidence/jobs')).json.jobs).toEqual([])
})
