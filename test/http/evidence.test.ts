import { describe, expect, test } from 'vitest'
import type { Identity } from '../../src/auth/principal.ts'
import type { Services } from '../../src/http/services.ts'
import { openApi } from '../support/api.ts'
import { evidenceIn } from '../support/evidence.ts'
import { identityOf } from '../support/identities.ts'
import { otherTenant, tenant } from '../support/ids.ts'

const tokens: Record<string, Identity> = {
  auditor: identityOf('auditor', { roles: ['auditor'] }),
  operator: identityOf('operator', { roles: ['operator'] }),
  foreign: identityOf('foreign', { roles: ['auditor'], tenants: [otherTenant] }),
}

const open = async (services: Partial<Services> = {}) => {
  const api = await openApi({ tokens, open: false, services })
  await api.post(
    '/api/pipeline/trigger/flights',
    { batch_id: 'B1', run_id: 'r1' },
    { authorization: 'Bearer operator' },
  )
  await api.pump.settled()
  const ask = async (path: string, who: string | null = 'auditor') => {
    const headers = who === null ? {} : { authorization: `Bearer ${who}` }
    const response = await api.app.request(path, { headers })
    const text = await response.text()
    const isProblem = response.headers.get('content-type') === 'application/problem+json'
    const problem = (isProblem ? JSON.parse(text) : {}) as { title?: string; detail?: string }
    return { status: response.status, headers: response.headers, text, ...problem }
  }
  return { ...api, ask }
}

describe('what is asked wrongly is refused by the name of its field', () => {
  test.each([
    ['/evidence/period', 'from'],
    ['/evidence/period?from=2026-01-01', 'to'],
    ['/evidence/period?from=2026-01-02&to=2026-01-02', 'to: must be later than from'],
    ['/evidence/period?from=yesterday&to=2026-01-02', 'from: must be a date'],
    ['/evidence/period?from=2026-01-01&to=2026-01-02&log=all', 'log: must be one of commands, access'],
    ['/evidence/period?from=2026-01-01&to=2026-01-02&type=a%20b', "type: 'a b' is no type of events of this log"],
    ['/evidence/period?from=2026-01-01&to=2026-01-02&type=RunFailed,', "type: '' is no type of events of this log"],
    ['/ledger/acme/proof/inclusion', 'event: required'],
    ['/ledger/acme/proof/inclusion?event=1', 'event: must be the id of an event'],
    ['/ledger/acme/proof/consistency?from=0', 'from: must be a whole number from 1'],
    ['/ledger/acme/proof/consistency?from=2&to=1', 'from: must be the size of a tree from 1 to 1 leaves'],
    ['/ledger/acme/proof/consistency?from=1&to=99999', 'to: must be the size of a tree from 1 to'],
  ])('%s: %s', async (path, said) => {
    const { ask } = await open()
    const { status, detail } = await ask(path)
    expect([status, detail]).toEqual([400, expect.stringContaining(said)])
  })
})

test.each([
  ['/evidence/runs/none', 'RUN_NOT_FOUND'],
  ['/evidence/runs/..%2F..', 'RUN_NOT_FOUND'],
  ['/evidence/pipelines/none', 'PIPELINE_NOT_FOUND'],
  ['/ledger/acme/tile/0/001', 'TILE_NOT_FOUND'],
  ['/ledger/acme/tile/0/000.p/255', 'TILE_NOT_FOUND'],
  ['/ledger/acme/tile/0/../0/000', 'TILE_NOT_FOUND'],
  ['/ledger/acme/tile/0/0000', 'TILE_NOT_FOUND'],
  ['/ledger/acme/proof/inclusion?event=00000000-0000-4000-8000-000000000000', 'EVENT_NOT_FOUND'],
  ['/ledger/acme/access/checkpoint', 'LOG_NOT_FOUND'],
  ['/ledger/nobody/checkpoint', 'LOG_NOT_FOUND'],
])('%s answers 404 %s', async (path, code) => {
  const { ask } = await open()
  const { status, title } = await ask(path)
  expect([status, title]).toEqual([404, code])
})

test("another's log is answered as one that does not exist", async () => {
  const { ask } = await open()
  for (const path of ['checkpoint', 'key', 'tile/0/000.p/1', 'proof/consistency?from=1']) {
    const [foreign, unknown] = [await ask(`/ledger/${tenant}/${path}`, 'foreign'), await ask(`/ledger/no/${path}`)]
    expect(foreign.status).toBe(404)
    expect(foreign.text.replaceAll(`'${tenant}'`, "'no'")).toBe(unknown.text)
  }
})

test('evidence is for those who may read it', async () => {
  const { ask } = await open()
  for (const path of [
    '/evidence/runs/r1',
    '/evidence/pipelines/flights',
    '/ledger/acme/checkpoint',
    '/ledger/acme/key',
  ]) {
    expect([path, (await ask(path)).status]).toEqual([path, 200])
    expect([path, (await ask(path, 'operator')).status]).toEqual([path, 403])
    expect([path, (await ask(path, null)).status]).toEqual([path, 401])
  }
})

describe('of a tenant in LEDGER_PUBLIC', () => {
  test('the logs are for anyone, and who looks is recorded', async () => {
    const { ask, calls } = await open({ publicLedgers: [tenant] })
    const checkpoint = await ask('/ledger/acme/checkpoint', null)
    expect(checkpoint.status).toBe(200)
    expect((await ask('/ledger/acme/checkpoint', 'foreign')).text).toBe(checkpoint.text)
    expect((await ask('/ledger/acme/tile/0/000.p/1', null)).status).toBe(200)
    expect(calls.at(-1)).toMatchObject({ tenant, actor: 'anyone', policy: 'ledger-public', outcome: 'ok' })
  })

  test('bundles are not, nor is the log of another', async () => {
    const { ask } = await open({ publicLedgers: [tenant] })
    expect((await ask('/evidence/runs/r1', null)).status).toBe(401)
    expect((await ask('/ledger/other/checkpoint', null)).status).toBe(401)
    expect((await ask('/ledger/ACME/checkpoint', null)).status).toBe(401)
  })
})

test('an escaped slash in the path of a tile is a slash', async () => {
  const { ask } = await open()
  expect((await ask('/ledger/acme/tile/0%2F000.p%2F1')).text).toBe((await ask('/ledger/acme/tile/0/000.p/1')).text)
})

describe('what is not sealed', () => {
  test('yet is asked for again', async () => {
    const { services, ask, ledger, commands } = await open()
    services.evidence = evidenceIn(ledger, commands, { nowMs: () => 0, isSealed: () => false })
    const { status, title, headers } = await ask('/evidence/runs/r1')
    expect([status, title, headers.get('retry-after')]).toEqual([503, 'UNAVAILABLE', '1'])
  })

  test('any more is marked', async () => {
    const { services, ask, ledger, commands } = await open()
    services.evidence = evidenceIn(ledger, commands, { nowMs: () => 0, isBroken: () => true })
    for (const path of ['/ledger/acme/checkpoint', '/evidence/period?from=2000-01-01&to=2100-01-01']) {
      expect((await ask(path)).headers.get('ledger-unsealed')).toBe('true')
    }
  })
})

test('what cannot be recorded is not answered', async () => {
  const { ask } = await open({
    calls: { record: () => undefined, durable: () => Promise.reject(new Error()), keepsUp: async () => true },
  })
  expect((await ask('/evidence/runs/r1')).status).toBeGreaterThanOrEqual(500)
})
