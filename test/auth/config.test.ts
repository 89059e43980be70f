import { describe, expect, test } from 'vitest'
import { roles } from '../../src/auth/principal.ts'
import { ConfigError, loadConfig } from '../../src/config.ts'
import { parseTenantId } from '../../src/domain/ids.ts'
import { secret } from './signing.ts'

const authOf = (env: Record<string, string>) => loadConfig(env).auth
const problemOf = (env: Record<string, string>): string => {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('nothing was wrong')
}
const defaultUuid = '00000000-0000-4000-8000-000000000001'
const uuid = 'AAAAAAAA-0000-4000-8000-00000000000A'

test('without a variable the mode is open, on loopback, with development tokens', () => {
  expect(authOf({})).toEqual({
    mode: 'open',
    source: null,
    issuer: null,
    audience: null,
    devTokens: true,
    apiKey: null,
    agentTenant: 'default',
    agentRoles: ['operator'],
    tenants: new Map([[defaultUuid, 'default']]),
  })
  expect(loadConfig({})).toMatchObject({ agentPort: null, corsOrigins: [] })
})

describe('whether authentication is required', () => {
  test.each([
    [{}, 'open', true],
    [{ HOST: '::1' }, 'open', true],
    [{ HOST: '127.8.9.10' }, 'open', true],
    [{ DATAPIPELINES_API_KEY: 'key' }, 'open', true],
    [{ HOST: '0.0.0.0' }, 'required', true],
    [{ HOST: '127.example.com' }, 'required', true],
    [{ AUTH: 'required' }, 'required', true],
    [{ JWT_AUDIENCE: 'ledger' }, 'required', true],
    [{ JWT_ISSUER: 'https://issuer.example' }, 'required', false],
    [{ JWT_SECRET: secret }, 'required', false],
    [{ JWT_PUBLIC_KEY: './key.pem' }, 'required', false],
    [{ JWT_JWKS_URL: 'https://issuer.example/jwks' }, 'required', false],
    [{ JWT_SECRET: secret, AUTH: 'open' }, 'open', true],
  ])('%j: %s, development tokens: %s', (env, mode, devTokens) => {
    expect(authOf(env)).toMatchObject({ mode, devTokens })
  })

  test('open mode is for loopback only', () => {
    expect(problemOf({ AUTH: 'open', HOST: '0.0.0.0' })).toMatch(/^HOST: '0\.0\.0\.0' .*AUTH=open/)
    expect(problemOf({ AUTH: 'maybe' })).toMatch(/^AUTH: /)
  })
})

describe('who signs tokens', () => {
  test('is one of three', () => {
    const url = 'https://issuer.example/jwks'
    expect(authOf({ JWT_JWKS_URL: url }).source).toEqual({ kind: 'jwks', url })
    expect(authOf({ JWT_SECRET: secret }).source).toEqual({ kind: 'secret', secret })
    expect(authOf({ JWT_PUBLIC_KEY: '-----BEGIN\\nAAAA\\n-----END' }).source).toEqual({
      kind: 'public-key',
      pem: '-----BEGIN\nAAAA\n-----END',
    })
    expect(authOf({ JWT_PUBLIC_KEY: '/keys/a.pem' }).source).toEqual({ kind: 'public-key', pem: '/keys/a.pem' })
    expect(authOf({ JWT_ISSUER: 'a', JWT_AUDIENCE: 'b' })).toMatchObject({ issuer: 'a', audience: 'b', source: null })
  })

  test.each([
    [['JWT_JWKS_URL', 'JWT_SECRET']],
    [['JWT_JWKS_URL', 'JWT_PUBLIC_KEY']],
    [['JWT_PUBLIC_KEY', 'JWT_SECRET']],
    [['JWT_JWKS_URL', 'JWT_PUBLIC_KEY', 'JWT_SECRET']],
  ])('is not %j at once', (names) => {
    const all: Record<string, string> = { JWT_JWKS_URL: 'https://a.b', JWT_PUBLIC_KEY: '/key', JWT_SECRET: secret }
    const env = Object.fromEntries(names.map((name) => [name, all[name] ?? '']))
    expect(problemOf(env)).toBe(`${names.join(' and ')}: only one of them can say who signs tokens`)
  })

  test.each([
    ['http://issuer.example/jwks'],
    ['http://127.example.com/jwks'],
    ['ftp://issuer.example/jwks'],
    ['issuer.example'],
  ])('is not fetched in clear text from elsewhere: %s', (url) => {
    expect(problemOf({ JWT_JWKS_URL: url })).toBe('JWT_JWKS_URL: must be an https URL, or http on loopback')
  })

  test.each([['http://localhost:9/j'], ['http://127.0.0.1:9/j'], ['http://[::1]:9/j']])('may be at %s', (url) => {
    expect(authOf({ JWT_JWKS_URL: url }).source).toEqual({ kind: 'jwks', url })
  })

  test('has a secret of 32 bytes, which no message shows', () => {
    expect(authOf({ JWT_SECRET: 'é'.repeat(16) }).source).not.toBeNull()
    expect(problemOf({ JWT_SECRET: 's'.repeat(31) })).toBe('JWT_SECRET: must have 32 bytes or more')
    expect(problemOf({ JWT_SECRET: `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(40)}` })).toMatch(/^JWT_SECRET: .*PEM$/)
  })

  test('has no name of ours', () => {
    expect(problemOf({ JWT_ISSUER: 'ledgerline:dev' })).toMatch(/^JWT_ISSUER: /)
  })
})

describe('TENANTS', () => {
  test('adds to the default one, or gives it another UUID', () => {
    expect([...authOf({ TENANTS: ` acme = ${uuid} ,` }).tenants]).toEqual([
      [uuid.toLowerCase(), 'acme'],
      [defaultUuid, 'default'],
    ])
    expect([...authOf({ TENANTS: `default=${uuid}` }).tenants]).toEqual([[uuid.toLowerCase(), 'default']])
  })

  test.each([
    [`acme`, "'acme' is not NAME=UUID"],
    [`acme=1`, "'acme=1' is not NAME=UUID"],
    [`a.b=${uuid}`, 'is not NAME=UUID'],
    [`a=${uuid}=b`, 'is not NAME=UUID'],
    [`a=${uuid},b=${uuid.toLowerCase()}`, "'b' has the UUID of 'a'"],
    [`a=${uuid},a=${uuid.replace('A', 'B')}`, "'a' is there twice"],
    [`a=${defaultUuid}`, "'default' has the UUID of 'a'"],
  ])('%s is refused', (text, message) => {
    expect(problemOf({ TENANTS: text })).toMatch(/^TENANTS: /)
    expect(problemOf({ TENANTS: text })).toContain(message)
  })
})

describe('the agent', () => {
  test('has a key, a tenant, roles and a port', () => {
    const env = {
      DATAPIPELINES_API_KEY: 'key',
      AGENT_TENANT: 'acme',
      AGENT_ROLES: 'viewer, operator',
      AGENT_PORT: '8081',
    }
    expect(authOf(env)).toMatchObject({ apiKey: 'key', agentTenant: 'acme', agentRoles: ['viewer', 'operator'] })
    expect(loadConfig(env).agentPort).toBe(8_081)
  })

  test.each([
    [{ AGENT_TENANT: 'a.b' }, 'AGENT_TENANT: must be a tenant'],
    [{ AGENT_ROLES: 'operator,emperor' }, 'AGENT_ROLES: must be a comma list of viewer, '],
    [{ AGENT_ROLES: ',' }, 'AGENT_ROLES: must name a role'],
    [{ AGENT_PORT: 'x' }, 'AGENT_PORT: must be a whole number'],
    [{ AGENT_PORT: '8000' }, 'AGENT_PORT: 8000 is PORT already'],
  ])('%j is refused', (env, message) => {
    expect(problemOf(env as Record<string, string>)).toContain(message)
  })

  test('has the roles and tenants that identities have, which config may not import', () => {
    expect(authOf({ AGENT_ROLES: roles.join(',') }).agentRoles).toEqual(roles)
    expect(problemOf({ AGENT_ROLES: 'x' })).toBe(`AGENT_ROLES: must be a comma list of ${roles.join(', ')}`)
    for (const name of ['a', 'a-b_C', 'a'.repeat(64), 'a'.repeat(65), 'a.b', 'ä', 'a b']) {
      const taken = loadConfig.bind(null, { AGENT_TENANT: name })
      if (parseTenantId(name) === undefined) expect(taken).toThrow(ConfigError)
      else expect(taken().auth.agentTenant).toBe(name)
    }
  })
})

test.each([['*'], ['console.example.com'], ['https://console.example.com/'], ['null'], ['file://']])(
  'the page origin %s is refused',
  (origin) => {
    expect(problemOf({ CORS_ORIGINS: `https://ok.example,${origin}` })).toMatch(/^CORS_ORIGINS: must be/)
  },
)

test('page origins are a list', () => {
  const origins = ['https://console.example.com', 'http://localhost:5173']
  expect(loadConfig({ CORS_ORIGINS: origins.join(', ') }).corsOrigins).toEqual(origins)
})

describe('what replicas share', () => {
  test('the keys are beside the data, unless they have a directory of their own', () => {
    expect(loadConfig({ DATA_DIR: '/data' }).keysDir).toBe('/data/keys')
    expect(loadConfig({ DATA_DIR: '/data', KEYS_DIR: '/shared/keys' }).keysDir).toBe('/shared/keys')
  })

  test('NATS keeps as many copies as are asked for, and one otherwise', () => {
    expect([loadConfig({}).natsReplicas, loadConfig({ NATS_REPLICAS: '3' }).natsReplicas]).toEqual([1, 3])
    for (const wrong of ['0', '6'])
      expect(problemOf({ NATS_REPLICAS: wrong })).toBe('NATS_REPLICAS: must be from 1 to 5')
    expect(problemOf({ NATS_REPLICAS: 'three' })).toBe('NATS_REPLICAS: must be a whole number')
  })

  test('a role is leased for ten seconds, or as it is said', () => {
    expect([loadConfig({}).roleLeaseMs, loadConfig({ ROLE_LEASE_MS: '4000' }).roleLeaseMs]).toEqual([10_000, 4_000])
    expect(problemOf({ ROLE_LEASE_MS: '10' })).toBe('ROLE_LEASE_MS: must be from 1000 to 600000')
  })
})
