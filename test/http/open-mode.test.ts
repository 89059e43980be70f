import { describe, expect, test } from 'vitest'
import { openApi } from '../support/api.ts'

const runs = '/api/pipeline/runs'
const trigger = '/api/pipeline/trigger/flights'

describe('open mode', () => {
  test.each(['localhost', 'localhost:8000', 'LOCALHOST', '127.0.0.1:8000', '127.9.9.9', '[::1]:8000', '[::1]'])(
    'answers as %s',
    async (host) => {
      const { get } = await openApi()
      expect((await get(runs, { host })).status).toBe(200)
    },
  )

  test.each([
    'example.com',
    'localhost.example.com',
    'localhost:8000.example.com',
    'evil-localhost',
    '10.0.0.1:8000',
    '0.0.0.0',
    '128.0.0.1',
    '',
  ])('refuses to answer as %j: a rebound name', async (host) => {
    const { get } = await openApi()
    const { status, body } = await get(runs, { host })
    expect([status, body]).toMatchObject([403, { status: 'error', error: { code: 'FORBIDDEN' } }])
  })

  test.each(['cross-site', 'same-site'])('refuses what a page of another site asks for: %s', async (site) => {
    const { get } = await openApi()
    expect((await get(runs, { 'sec-fetch-site': site })).status).toBe(403)
  })

  test.each(['same-origin', 'none'])('answers what its own page or its user asks for: %s', async (site) => {
    const { get } = await openApi()
    expect((await get(runs, { 'sec-fetch-site': site })).status).toBe(200)
  })

  test.each(['via', 'X-Real-IP', 'x-forwarded-for', 'X-Forwarded-Host', 'x-forwarded-proto', 'forwarded', 'Forwarded'])(
    'refuses a call with %s: a forgotten proxy',
    async (name) => {
      const { get } = await openApi()
      expect((await get(runs, { [name]: '127.0.0.1' })).status).toBe(403)
    },
  )

  test.each(['http://example.com', 'null', 'https://localhost:8000', 'http://localhost:9999', 'http://localhost'])(
    'refuses the page of %s',
    async (origin) => {
      const { post, ledger } = await openApi()
      const before = ledger.all.length
      expect((await post(trigger, { batch_id: 'B' }, { origin })).status).toBe(403)
      expect(ledger.all).toHaveLength(before)
    },
  )

  test('answers its own page', async () => {
    const { post } = await openApi()
    expect((await post(trigger, { batch_id: 'B' }, { origin: 'http://localhost:8000' })).status).toBe(200)
  })

  test.each(['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain', 'text/json', ''])(
    'refuses a body of type %j: a form',
    async (type) => {
      const { post } = await openApi()
      const { status, body } = await post(trigger, { batch_id: 'B' }, { 'content-type': type })
      expect([status, body]).toMatchObject([403, { status: 'error', error: { code: 'FORBIDDEN' } }])
    },
  )

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/merge-patch+json',
    'Application/JSON',
  ])('takes a body of type %s', async (type) => {
    const { post } = await openApi()
    expect((await post(trigger, { batch_id: 'B' }, { 'content-type': type })).status).toBe(200)
  })

  test('guards every route that shows or changes something', async () => {
    const { call } = await openApi()
    const routes = [
      ['POST', trigger],
      ['GET', runs],
      ['GET', '/api/pipeline/status/r'],
      ['POST', '/api/pipeline/cancel/r'],
      ['GET', '/history/runs/r'],
      ['GET', '/history/pipelines'],
      ['GET', '/history/pipelines/flights'],
    ] as const
    for (const [method, path] of routes) {
      expect((await call(method, path, { headers: { host: 'example.com' } })).status, path).toBe(403)
    }
  })
})
