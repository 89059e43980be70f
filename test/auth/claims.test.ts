import { describe, expect, test } from 'vitest'
import { identityOf } from '../../src/auth/claims.ts'
import { tenantOf } from '../support/ids.ts'
import { refusalOf, secretSource, secretToken, verifierOf } from './signing.ts'

const claimed = (claims: Record<string, unknown> = {}) =>
  identityOf({ iss: 'https://issuer.example', sub: 'alice', tenant: 'acme', ...claims }, null)
const refused = (claims: Record<string, unknown>) => refusalOf(() => claimed(claims))

describe('the subject', () => {
  test.each([[undefined], [''], [7], ['a'.repeat(256)]])(
    'must be a name of 1 to 255 characters, not %s',
    async (sub) => {
      expect(await refused({ sub })).toBe('UNAUTHORIZED: the token is malformed: sub')
    },
  )

  test('may have 255 characters', () => {
    expect(claimed({ sub: 'a'.repeat(255) }).subject).toHaveLength(255)
  })

  test('is the actor where one acts for another, who is kept', () => {
    const { subject, onBehalfOf } = claimed({ act: { sub: 'robot', act: { sub: 'earlier' } } })
    expect({ subject, onBehalfOf }).toEqual({ subject: 'robot', onBehalfOf: 'alice' })
    expect(claimed({ act: { sub: 'robot', iss: 'https://issuer.example' } }).subject).toBe('robot')
  })

  test.each([
    ['robot', 'act'],
    [null, 'act'],
    [['robot'], 'act'],
    [{}, 'act.sub'],
    [{ sub: '' }, 'act.sub'],
    [{ sub: 'robot', iss: 'https://other.example' }, 'act.iss'],
  ])('is nobody where the actor is %j', async (act, claim) => {
    expect(await refused({ act })).toBe(`UNAUTHORIZED: the token is malformed: ${claim}`)
  })

  test('belongs to an issuer without a name where the token names none', async () => {
    expect(claimed({ iss: undefined }).issuer).toBe('')
    expect(await refused({ iss: 7 })).toBe('UNAUTHORIZED: the token is malformed: iss')
  })
})

describe('the tenants', () => {
  test('are the one of `tenant`, which wins', () => {
    expect(claimed({ tenant: 'acme', tenants: ['other'] }).tenants).toEqual(['acme'])
  })

  test('are those of `tenants`, each once', () => {
    expect(claimed({ tenant: undefined, tenants: ['b', 'a', 'b'] }).tenants).toEqual(['b', 'a'])
  })

  test.each([[undefined], [[]]])('must be named: a token with %j belongs nowhere', async (tenants) => {
    expect(await refused({ tenant: undefined, tenants })).toBe('FORBIDDEN: the token names no tenant')
  })

  test('are the default one, where there is one for tokens that name none', () => {
    const tenant = tenantOf('default')
    expect(identityOf({ sub: 'alice' }, tenant).tenants).toEqual(['default'])
    expect(identityOf({ sub: 'alice', tenant: 'acme' }, tenant).tenants).toEqual(['acme'])
  })

  test.each([
    [{ tenant: 'a.b' }, 'tenant'],
    [{ tenant: '' }, 'tenant'],
    [{ tenant: null }, 'tenant'],
    [{ tenant: ['acme'] }, 'tenant'],
    [{ tenant: undefined, tenants: 'acme' }, 'tenants'],
    [{ tenant: undefined, tenants: ['acme', 'a.b'] }, 'tenants'],
    [{ tenant: undefined, tenants: [7] }, 'tenants'],
    [{ tenant: undefined, tenants: Array.from({ length: 1_001 }, (_, index) => `t${index}`) }, 'tenants'],
  ])('are refused when they are no names of tenants (case %#)', async (claims, claim) => {
    expect(await refused(claims)).toBe(`UNAUTHORIZED: the token is malformed: ${claim}`)
  })
})

describe('the roles', () => {
  test('are those that we know, each once', () => {
    expect(claimed({ roles: ['auditor', 'emperor', 'viewer', 'auditor', 7] }).roles).toEqual(['auditor', 'viewer'])
    expect(claimed().roles).toEqual([])
  })

  test('must be a list', async () => {
    expect(await refused({ roles: 'operator' })).toBe('UNAUTHORIZED: the token is malformed: roles')
  })

  test('make a service of the caller, or leave a person', () => {
    expect(claimed({ roles: ['operator', 'service'] }).kind).toBe('service')
    expect(claimed({ roles: ['operator'] }).kind).toBe('person')
  })
})

test.each([
  ['free', 'free'],
  ['Pro', 'pro'],
  ['ENTERPRISE', 'enterprise'],
  ['platinum', null],
  [7, null],
  [undefined, null],
])('the plan %s is %s', (plan, expected) => {
  expect(claimed({ plan }).plan).toBe(expected)
})

test.each([
  ['Alice Example', 'Alice Example'],
  ['a'.repeat(200), 'a'.repeat(200)],
  ['a'.repeat(201), null],
  ['', null],
  [7, null],
])('the name %s is shown as %s', (name, expected) => {
  expect(claimed({ name }).name).toBe(expected)
})

test('a verified token becomes all of this', async () => {
  const token = await secretToken({
    tenant: undefined,
    tenants: ['acme', 'other'],
    roles: ['service'],
    plan: 'Pro',
    name: 'Robot',
    act: { sub: 'robot' },
  })
  expect(await verifierOf(secretSource).verify(token)).toEqual({
    issuer: 'https://issuer.example',
    subject: 'robot',
    kind: 'service',
    tenants: ['acme', 'other'],
    roles: ['service'],
    plan: 'pro',
    name: 'Robot',
    authMethod: 'jwt',
    onBehalfOf: 'alice',
  })
})
