import { describe, expect, test } from 'vitest'
import { verifyApiKey } from '../../src/auth/api-key.ts'
import { nowS, publicSource, rawToken, rsaPair, tokenOf, verifierOf } from '../auth/signing.ts'
import { defaultTenantUuid, openApi } from '../support/api.ts'
import { probeDialects } from './probe.ts'

const issuer = 'https://issuer.example'
const keys = rsaPair()
const others = rsaPair()
const source = publicSource(keys)
const pem = source.kind === 'public-key' ? source.pem : ''
const verifier = verifierOf(source, { issuer, audience: 'ledgerline' })

const token = (claims: Record<string, unknown> = {}, key = keys.privateKey) =>
  tokenOf(key, 'RS256', { aud: 'ledgerline', tenant: 'default', roles: ['operator'], ...claims })

const api = async (apiKey: string | null = 'agent-key') => {
  const opened = await openApi({ open: false, dialects: probeDialects })
  // The credentials of production behind the routes: only who signs is the test's.
  opened.services.credentials.verifyToken = (text) => verifier.verify(text)
  opened.services.credentials.verifyApiKey = (key) => verifyApiKey(apiKey, key)
  return opened
}

const claims = { iss: issuer, aud: 'ledgerline', sub: 'eve', tenant: 'default', roles: ['operator'], exp: nowS + 600 }

const wrong: [what: string, make: () => Promise<string> | string][] = [
  ['expired', () => token({ exp: nowS - 60 })],
  ['not valid yet', () => token({ nbf: nowS + 60 })],
  ['of a wrong issuer', () => token({ iss: 'https://other.example' })],
  ['for a wrong audience', () => token({ aud: 'another' })],
  ['signed by somebody else', () => token({}, others.privateKey)],
  ['of alg none', () => rawToken({ alg: 'none', typ: 'JWT' }, claims, '.')],
  ['signed with the public key as an HMAC secret', () => tokenOf(Buffer.from(pem), 'HS256', claims)],
  ['no token at all', () => 'not-a-token'],
]

const routes: [dialect: string, path: string, headers: Record<string, string>][] = [
  ['batch', '/api/pipeline/runs', {}],
  ['native', '/history/pipelines', {}],
  ['etl', '/probe/etl/a', {}],
  ['service', '/probe/service/a', { 'x-tenant-id': defaultTenantUuid }],
  ['governance', '/probe/governance/a', {}],
]

describe.each(routes)('the %s dialect', (dialect, path, headers) => {
  const call = async (authorization?: string) => {
    const { get, calls } = await api()
    const answer = await get(path, { ...headers, ...(authorization === undefined ? {} : { authorization }) })
    return { ...answer, calls }
  }

  test('answers a good token', async () => {
    const { status, calls } = await call(`Bearer ${await token()}`)
    expect(status).toBe(200)
    expect(calls).toEqual([
      expect.objectContaining({ outcome: 'ok', tenant: 'default', authMethod: 'jwt', status: 200 }),
    ])
  })

  test('401 without a token, with the way to get in', async () => {
    const { status, headers: given, calls } = await call()
    expect([status, given.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(calls).toEqual([expect.objectContaining({ outcome: 'denied', tenant: 'system', actor: null, status: 401 })])
  })

  test.each(wrong)('401 for a token that is %s', async (_, make) => {
    const { status, body } = await call(`Bearer ${await make()}`)
    expect(status).toBe(401)
    const unauthorized: Record<string, unknown> = {
      batch: { status: 'error', error: { code: 'UNAUTHORIZED', message: expect.any(String) } },
      etl: { detail: expect.any(String), status_code: 401, error_code: 'UNAUTHORIZED' },
    }
    const asProblem = { type: 'about:blank', title: 'UNAUTHORIZED', status: 401, detail: expect.any(String) }
    expect(body).toEqual(unauthorized[dialect] ?? asProblem)
  })

  test('401 for another scheme than Bearer', async () => {
    expect((await call('Basic YWxpY2U6c2VjcmV0')).status).toBe(401)
  })

  test('403 for a token without a role that may, and it is recorded', async () => {
    const { status, calls } = await call(`Bearer ${await token({ roles: [] })}`)
    expect(status).toBe(403)
    expect(calls).toEqual([
      expect.objectContaining({
        outcome: 'denied',
        tenant: 'default',
        status: 403,
        reason: 'FORBIDDEN',
        policy: 'default-deny',
      }),
    ])
  })

  test('403 for a token that names no tenant', async () => {
    expect((await call(`Bearer ${await token({ tenant: undefined })}`)).status).toBe(403)
  })
})

test('a viewer may look and not touch', async () => {
  const { get, post } = await api()
  const headers = { authorization: `Bearer ${await token({ roles: ['viewer'] })}` }
  expect((await get('/probe/etl/a', headers)).status).toBe(200)
  expect((await post('/probe/etl/a:touch', { how: 'gently' }, headers)).status).toBe(403)
})

describe('X-Tenant-ID in the service dialect', () => {
  const call = async (tenantHeader: Record<string, string>, more: Record<string, unknown> = {}) => {
    const { get } = await api()
    return get('/probe/service/a', { authorization: `Bearer ${await token(more)}`, ...tenantHeader })
  }

  test('400 without it, and when it is no UUID', async () => {
    expect(await call({})).toMatchObject({
      status: 400,
      body: { field: 'X-Tenant-ID', detail: 'X-Tenant-ID: required' },
    })
    expect(await call({ 'x-tenant-id': 'default' })).toMatchObject({ status: 400, body: { field: 'X-Tenant-ID' } })
  })

  test('403, in the same words, for a tenant that the token does not grant and for one that does not exist', async () => {
    const foreign = await call({ 'x-tenant-id': defaultTenantUuid }, { tenant: 'acme' })
    const unknown = await call({ 'x-tenant-id': '7e8cf0ac-9de4-4c44-8a1f-6a4e3d7b6f10' })
    expect([foreign.status, unknown.status]).toEqual([403, 403])
    expect(foreign.body).toEqual(unknown.body)
  })
})

describe('X-API-Key in the agent dialect', () => {
  test('200 with the key, as the principal agent of the tenant default', async () => {
    const { get } = await api()
    expect(await get('/probe/agent/a', { 'x-api-key': 'agent-key' })).toMatchObject({
      status: 200,
      body: { id: 'a', tenant: 'default', actor: 'agent' },
    })
  })

  test.each([
    ['missing', {}],
    ['wrong', { 'x-api-key': 'another' }],
  ])('401 when it is %s', async (_, headers) => {
    const { get } = await api()
    const { status, body } = await get('/probe/agent/a', headers as Record<string, string>)
    expect([status, body]).toEqual([401, { detail: expect.any(String) }])
  })

  test('401 with a good token and no key', async () => {
    const { get } = await api()
    expect((await get('/probe/agent/a', { authorization: `Bearer ${await token()}` })).status).toBe(401)
  })

  test('500 when the server has none', async () => {
    const { get } = await api(null)
    const { status, body } = await get('/probe/agent/a', { 'x-api-key': 'agent-key' })
    expect([status, body]).toEqual([500, { detail: 'DATAPIPELINES_API_KEY is not set on the server' }])
  })
})

describe('a route with a verb', () => {
  test('gets its id without the verb, also when the colon is escaped', async () => {
    const { post } = await api()
    const headers = { authorization: `Bearer ${await token()}` }
    for (const path of ['/probe/etl/a:touch', '/probe/etl/a%3Atouch', '/probe/etl/a%3atouch']) {
      expect(await post(path, { how: 'gently' }, headers)).toMatchObject({
        status: 200,
        body: { id: 'a', how: 'gently' },
      })
    }
  })

  test('404 for a verb that is none', async () => {
    const { post } = await api()
    const headers = { authorization: `Bearer ${await token()}` }
    expect((await post('/probe/etl/a:push', { how: 'gently' }, headers)).status).toBe(404)
  })
})
