import { describe, expect, test } from 'vitest'
import { roles } from '../../src/auth/principal.ts'
import type { CallRecord } from '../../src/domain/access/events.ts'
import { openApi } from '../support/api.ts'
import { identityOf } from '../support/identities.ts'
import { tenant } from '../support/ids.ts'

const trigger = '/api/pipeline/trigger/flights'

const robot = identityOf('robot-7', { roles: ['auditor'], onBehalfOf: 'alice-human' })
const tokens = { robot, alice: identityOf('alice'), vera: identityOf('vera', { roles: ['viewer'] }) }
const as = (token: keyof typeof tokens) => ({ authorization: `Bearer ${token}` })

describe('every call leaves a trace', () => {
  test('a read, with its route, what was asked for and how it ended', async () => {
    const { get, run, calls, sealer } = await openApi({ tokens })
    await run('r')
    const headers = { ...as('alice'), 'x-request-id': 'req-1' }
    await get('/api/pipeline/status/run_r', headers)
    const [call] = calls
    expect(call).toEqual({
      at: '2026-01-02T03:04:05.678Z',
      tenant,
      actor: expect.stringMatching(/^p-/),
      onBehalfOf: null,
      authMethod: 'jwt',
      method: 'GET',
      route: '/api/pipeline/status/{run_id}',
      resource: { run_id: 'run_r' },
      query: {},
      outcome: 'ok',
      status: 200,
      durationMs: expect.any(Number),
      origin: expect.stringMatching(/^sealed:1:p-/),
      requestId: 'req-1',
      reason: null,
      policy: expect.any(String),
      count: 1,
    } satisfies Record<keyof CallRecord | 'tenant', unknown>)
    expect(await sealer.open(call?.origin ?? '')).toBe('no address')
  })

  test('of a query that the route does not know, how much there was', async () => {
    const { get, calls } = await openApi({ tokens })
    await get('/api/pipeline/status/run_r?verbose=yes&secret=s', as('alice'))
    expect(calls).toEqual([expect.objectContaining({ outcome: 'invalid', query: { '[unknown]': '2' } })])
  })

  test.each([
    ['not found', 'GET', '/api/pipeline/status/nothing', undefined, 'not-found', 404, 'RUN_NOT_FOUND'],
    ['a wrong query', 'GET', '/api/pipeline/runs?limit=x', undefined, 'invalid', 400, 'VALIDATION_FAILED'],
    ['a wrong body', 'POST', trigger, '{', 'invalid', 400, 'VALIDATION_FAILED'],
    [
      'an unknown pipeline',
      'POST',
      '/api/pipeline/trigger/x',
      '{"batch_id":"B"}',
      'not-found',
      404,
      'PIPELINE_NOT_FOUND',
    ],
  ] as const)('%s', async (_, method, path, body, outcome, status, reason) => {
    const { call, calls } = await openApi({ tokens })
    await call(method, path, { headers: as('alice'), ...(body === undefined ? {} : { body }) })
    expect(calls).toEqual([expect.objectContaining({ outcome, status, reason, tenant })])
  })

  test('a denial, with the policy that denied', async () => {
    const { post, calls } = await openApi({ tokens })
    expect((await post(trigger, { batch_id: 'B' }, as('vera'))).status).toBe(403)
    expect(calls).toEqual([
      expect.objectContaining({ outcome: 'denied', status: 403, reason: 'FORBIDDEN', policy: 'default-deny' }),
    ])
  })

  test('a command by its own event, which names the caller, the policy and the request', async () => {
    const { post, calls, ledger } = await openApi({ tokens })
    expect((await post(trigger, { batch_id: 'B' }, { ...as('alice'), 'x-request-id': 'req-2' })).status).toBe(200)
    expect(calls).toEqual([])
    expect(ledger.all.at(-1)?.metadata).toMatchObject({
      actor: { pseudonym: expect.stringMatching(/^p-/), roles, authMethod: 'jwt' },
      requestId: 'req-2',
      origin: expect.stringMatching(/^sealed:1:/),
      policy: { id: expect.any(String), version: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
  })

  test('a command that changed nothing, and one that was repeated, as calls', async () => {
    const { post, run, calls } = await openApi({ tokens })
    await run('r')
    await post('/api/pipeline/cancel/r', {}, as('alice'))
    const headers = { ...as('alice'), 'idempotency-key': '"k"', 'x-request-id': 'same' }
    await post(trigger, { batch_id: 'B' }, headers)
    expect(calls).toEqual([])
    expect((await post(trigger, { batch_id: 'B' }, headers)).status).toBe(200)
    expect(calls).toEqual([expect.objectContaining({ outcome: 'ok', route: '/api/pipeline/trigger/{pipeline}' })])
  })

  test('a route that does not exist, of whoever has a token, or of nobody', async () => {
    const { get, calls } = await openApi({ tokens })
    const told = { route: '(none)', status: 404, reason: 'ROUTE_NOT_FOUND' }
    expect((await get('/nowhere', as('alice'))).status).toBe(404)
    expect((await get('/nowhere')).status).toBe(404)
    expect((await get('/nowhere', { authorization: 'Bearer wrong' })).status).toBe(404)
    expect(calls).toEqual([
      expect.objectContaining({ ...told, tenant, actor: expect.stringMatching(/^p-/) }),
      expect.objectContaining({ ...told, tenant: 'system', actor: null }),
      expect.objectContaining({ ...told, tenant: 'system', actor: null }),
    ])
  })

  test('health and readiness are no calls', async () => {
    const { get, calls } = await openApi({ tokens })
    expect([(await get('/health')).status, (await get('/ready')).status]).toEqual([200, 200])
    expect(calls).toEqual([])
  })
})

describe('a record holds no secret', () => {
  test('no body, no token, no key', async () => {
    const { call, calls, ledger } = await openApi({ tokens })
    await call('POST', trigger, {
      headers: as('alice'),
      body: '{"batch_id":"B","config":{"password":"hush"},"extra":1}',
    })
    await call('POST', trigger, { headers: as('alice'), body: '{"batch_id":"B","hush":"hush"}' })
    expect(calls).toHaveLength(2)
    const written = JSON.stringify([calls, ledger.all], (_, value) => (typeof value === 'bigint' ? `${value}` : value))
    expect(written).not.toContain('hush')
    expect(written).not.toContain('Bearer')
    expect(written).not.toContain('alice the caller')
  })

  test('no value of a query that the route does not know, nor its name', async () => {
    const { get, calls } = await openApi({ tokens })
    await get('/api/pipeline/runs?status=QUEUED&token=hush&password=hush&hush@example.com=1', as('alice'))
    expect(calls[0]?.query).toEqual({ status: 'QUEUED', '[unknown]': '3' })
  })

  test('nothing in a path that is no id of ours', async () => {
    const { get, calls } = await openApi({ tokens })
    await get('/api/pipeline/status/alice@example.com', as('alice'))
    expect(calls[0]?.resource).toEqual({ run_id: '[odd]' })
  })

  test('nobody who is asked for by name: a pseudonym only', async () => {
    const { get, calls } = await openApi({ tokens })
    const pseudonym = `p-${'a'.repeat(26)}`
    for (const actor of ['vera', pseudonym]) await get(`/history/access?actor=${actor}&limit=5`, as('alice'))
    expect(calls.map(({ query }) => query)).toEqual([
      { actor: '[personal]', limit: '5' },
      { actor: pseudonym, limit: '5' },
    ])
  })

  test('no more than 200 characters of a value', async () => {
    const { get, calls } = await openApi({ tokens })
    await get(`/api/pipeline/runs?batch_id=${'v'.repeat(500)}`, as('alice'))
    expect(calls[0]?.query.batch_id).toHaveLength(200)
  })
})

describe('fail closed', () => {
  const keeping = (keepsUp: boolean) => ({
    calls: { record: () => undefined, durable: async () => -1n, keepsUp: async () => keepsUp },
  })

  test('reads and commands are 503 when the records do not keep up', async () => {
    const { get, post, ledger } = await openApi({ services: keeping(false) })
    const before = ledger.all.length
    for (const { status, headers } of [await get('/api/pipeline/runs'), await post(trigger, { batch_id: 'B' })]) {
      expect([status, headers.get('retry-after')]).toEqual([503, '1'])
    }
    expect(ledger.all).toHaveLength(before)
    expect((await get('/health')).status).toBe(200)
  })

  test('and answered while they do', async () => {
    const { get } = await openApi({ services: keeping(true) })
    expect((await get('/api/pipeline/runs')).status).toBe(200)
  })

  test('history is not answered when its own record cannot be made durable', async () => {
    const written: CallRecord[] = []
    const calls = {
      record: (_: unknown, call: CallRecord) => void written.push(call),
      durable: () => new Promise<bigint>(() => undefined),
      keepsUp: async () => true,
    }
    const { get } = await openApi({ services: { calls } })
    const { status, body } = await get('/history/pipelines')
    expect([status, body.title]).toEqual([503, 'LEDGER_UNAVAILABLE'])
    // What was on its way said `ok`; what was answered follows it.
    expect(written.map(({ outcome, status: told }) => [outcome, told])).toEqual([
      ['ok', 200],
      ['failed', 503],
    ])
    expect((await get('/api/pipeline/runs')).status).toBe(200)
  })
})
