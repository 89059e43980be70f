import { describe, expect, test } from 'vitest'
import { openApi } from '../support/api.ts'
import * as c from '../support/run-commands.ts'

describe('GET /history/runs/{run_id}', () => {
  test.each(['r', 'run_r', 'exec-r'])('200 tells all that happened to the run, asked for as %s', async (id) => {
    const { run, get } = await openApi()
    await run('r', c.startRun(1), c.cancelRun)
    const { status, body } = await get(`/history/runs/${id}`)
    const events = body.events as Record<string, unknown>[]
    expect([status, body.run_id]).toEqual([200, 'r'])
    expect(events.map(({ type, revision }) => [revision, type])).toEqual([
      [0, 'RunRequested'],
      [1, 'RunQueued'],
      [2, 'RunStarted'],
      [3, 'RunCancelRequested'],
    ])
    expect(events[2]).toEqual({
      revision: 2,
      event_id: expect.any(String),
      type: 'RunStarted',
      occurred_at: '2026-01-02T03:05:05.678Z',
      recorded_at: '2026-01-02T03:04:05.678Z',
      actor: 'alice',
      command: 'StartRun',
      command_id: expect.any(String),
      origin: 'test',
      erased: false,
      data: { runId: 'r', attempt: 1, worker: 'box.1' },
    })
  })

  test('404 as problem details', async () => {
    const { get } = await openApi()
    const { status, headers, body } = await get('/history/runs/nothing')
    expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json'])
    expect(body).toEqual({
      type: 'about:blank',
      title: 'RUN_NOT_FOUND',
      status: 404,
      detail: "run 'nothing' not found",
    })
  })
})

describe('GET /history/pipelines', () => {
  test('200 lists the pipelines, without their tenant', async () => {
    const { get } = await openApi()
    const { status, body } = await get('/history/pipelines')
    expect(status).toBe(200)
    expect(body.pipelines).toEqual([
      expect.objectContaining({ slug: 'flights', version: '1.0.0' }),
      expect.objectContaining({ slug: 'weather', version: '1.0.0' }),
    ])
    expect(JSON.stringify(body)).not.toContain('tenant')
  })

  test('200 tells the versions of one, and 404 of none', async () => {
    const { get } = await openApi()
    const { body } = await get('/history/pipelines/flights')
    expect(body).toEqual({
      slug: 'flights',
      versions: [expect.objectContaining({ number: 1, version: '1.0.0', manifest_hash: 'h1', actor: 'alice' })],
    })
    expect((await get('/history/pipelines/nothing')).status).toBe(404)
  })
})

describe('routes of no dialect', () => {
  test('GET /health is 200 as long as the process lives', async () => {
    const { app } = await openApi()
    const response = await app.request('/health', { headers: { host: 'anything' } })
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }])
  })

  test('GET /ready is 200, or 503 with what is missing', async () => {
    const [ready, not] = [await openApi(), await openApi({ services: { notReady: async () => 'ledger' } })]
    expect((await ready.get('/ready')).status).toBe(200)
    const { status, body } = await not.get('/ready')
    expect([status, body]).toEqual([503, { status: 'not ready', missing: 'ledger' }])
  })

  test('anything else is 404 as problem details', async () => {
    const { get } = await openApi()
    const { status, headers, body } = await get('/no/such/thing')
    expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json'])
    expect(body).toMatchObject({ title: 'ROUTE_NOT_FOUND', detail: 'no route GET /no/such/thing' })
  })
})

describe('what the batch document does not have', () => {
  test.each([
    ['GET', '/api/pipeline/nothing'],
    ['GET', '/api/pipeline/trigger/flights'],
    ['DELETE', '/api/pipeline/status/r'],
  ])('is 404 in the words of the batch document: %s %s', async (method, path) => {
    const { call } = await openApi()
    const { status, body } = await call(method, path)
    expect([status, body]).toMatchObject([404, { status: 'error', error: { code: 'NOT_FOUND' } }])
  })
})

test.each(['a b', 'x'.repeat(129), ''])('a request id of no use is replaced: %j', async (given) => {
  const { get } = await openApi()
  const { headers } = await get('/api/pipeline/runs', { 'x-request-id': given })
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
})
