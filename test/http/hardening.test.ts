import { describe, expect, test } from 'vitest'
import { documentOf } from '../../src/http/app.ts'
import { honoPath } from '../../src/http/routing.ts'
import { openApi } from '../support/api.ts'
import { calledOperationsOf, operationsOf } from './openapi/reading.ts'
import { probeDialects } from './probe.ts'

const trigger = '/api/pipeline/trigger/flights'
const mebibyte = 1_048_576

describe('what is too much', () => {
  test('413 for a body of more than 1 MiB, whether its length is told or not', async () => {
    const { app, ledger } = await openApi()
    const before = ledger.all.length
    const text = JSON.stringify({ batch_id: 'B', config: { a: 'x'.repeat(mebibyte) } })
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 65_536
        controller.enqueue(Buffer.alloc(65_536, 'x'))
      },
    })
    const headers = { host: 'localhost', 'content-type': 'application/json' }
    const told = { ...headers, 'content-length': String(text.length) }
    const answers = [
      await app.request(trigger, { method: 'POST', headers: told, body: text }),
      await app.request(trigger, { method: 'POST', headers, body: text }),
      await app.request(trigger, { method: 'POST', headers, body: endless, duplex: 'half' } as RequestInit),
    ]
    for (const answer of answers) {
      expect(answer.status).toBe(413)
      expect(await answer.json()).toMatchObject({ status: 'error', error: { code: 'BODY_TOO_LARGE' } })
    }
    expect(pulled).toBeLessThan(2 * mebibyte)
    expect(ledger.all).toHaveLength(before)
  })

  test('414 for a URL of more than 8 KiB', async () => {
    const { get } = await openApi()
    expect((await get(`/api/pipeline/runs?batch_id=${'x'.repeat(8_192)}`)).status).toBe(414)
    expect((await get(`/api/pipeline/runs?batch_id=${'x'.repeat(8_000)}`)).status).toBe(200)
  })
})

describe('a query that an operation does not take', () => {
  test.each([
    ['POST', '/pipelines/flights/start?dry_run=true', '{}', 'dry_run'],
    ['POST', '/evidence/approvals/x/approve?dry_run=true', '{"reason":"only a trial"}', 'dry_run'],
    ['GET', '/history/runs/run_a?as_of=2026-01-01', undefined, 'as_of'],
    ['GET', '/evidence/runs/run_a?type=RunFailed', undefined, 'type'],
  ])('is refused by its name, and nothing is done: %s %s', async (method, path, body, field) => {
    const api = await openApi()
    await api.run('a')
    const before = api.ledger.all.length
    const answer = await api.call(method, path, body === undefined ? {} : { body })
    expect([answer.status, answer.body.detail]).toEqual([400, `${field}: unknown field`])
    expect(api.ledger.all.length).toBe(before)
  })
})

describe('every answer', () => {
  test.each(['/api/pipeline/runs', '/history/pipelines', '/nowhere', '/health', '/api/pipeline/status/nothing'])(
    'has the headers that protect who reads it: %s',
    async (path) => {
      const { get } = await openApi()
      const { headers } = await get(path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('SAMEORIGIN')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    },
  )

  test('is not kept by any cache, where it is somebody’s', async () => {
    const { get } = await openApi()
    for (const path of ['/api/pipeline/runs', '/api/pipeline/status/nothing', '/history/access']) {
      expect((await get(path)).headers.get('cache-control')).toBe('no-store')
    }
  })

  test('takes over a request id that is one, and no other', async () => {
    const { get } = await openApi()
    const idOf = async (given: string) => (await get('/health', { 'x-request-id': given })).headers.get('x-request-id')
    expect(await idOf('req-1.a_B')).toBe('req-1.a_B')
    for (const given of ['a b', 'x'.repeat(129), '<b>']) expect(await idOf(given)).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('tells nothing of what went wrong inside', async () => {
    const notReady = async () => {
      throw new Error('/home/secret/file.ts exploded')
    }
    const { get, log } = await openApi({ services: { notReady } })
    const { status, body } = await get('/ready')
    expect([status, body.title]).toEqual([500, 'INTERNAL'])
    expect(JSON.stringify(body)).not.toContain('exploded')
    expect(log.lines).toContain('error: a request failed')
  })
})

describe('pages of other origins', () => {
  const asked = { origin: 'https://console.example', 'access-control-request-method': 'POST' }

  test('may not call, unless the operator says so', async () => {
    const { app } = await openApi({ open: false })
    const { headers } = await app.request('/api/pipeline/runs', { method: 'OPTIONS', headers: asked })
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  test('may call from an origin that is configured, and from no other', async () => {
    const { app } = await openApi({ open: false, services: { corsOrigins: ['https://console.example'] } })
    const allowed = async (origin: string) => {
      const response = await app.request('/api/pipeline/runs', { method: 'OPTIONS', headers: { ...asked, origin } })
      return response.headers.get('access-control-allow-origin')
    }
    expect(await allowed('https://console.example')).toBe('https://console.example')
    expect(await allowed('https://console.example.evil.example')).toBeNull()
  })
})

test('the OpenAPI document has every route, and no other', async () => {
  const { app, dialects } = await openApi({ dialects: probeDialects })
  const documented = operationsOf(documentOf(dialects)).map(({ method, path }) => `${method} ${honoPath(path)}`)
  const isEndpoint = ({ method, path }: { method: string; path: string }) =>
    method !== 'ALL' && !['/openapi.json', '/asyncapi.json'].includes(path) && !path.startsWith('/docs')
  const routed = new Set(app.routes.filter(isEndpoint).map(({ method, path }) => `${method} ${path}`))
  expect([...routed].sort()).toEqual(documented.sort())
})

test('every route but health, readiness and metrics asks who calls', async () => {
  const { app, dialects } = await openApi({ open: false, dialects: probeDialects })
  const routes = calledOperationsOf(documentOf(dialects))
  expect(routes.length).toBeGreaterThan(8)
  for (const { method, path } of routes) {
    const response = await app.request(path.replaceAll(/\{\w+\}/g, 'x'), { method })
    expect([path, response.status]).toEqual([path, 401])
  }
})
