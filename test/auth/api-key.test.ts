import { expect, test } from 'vitest'
import { agentIdentity, verifyApiKey } from '../../src/auth/api-key.ts'
import { tenantOf } from '../support/ids.ts'
import { refusalOf } from './signing.ts'

test('the right key is the agent, always the same object', () => {
  const agent = verifyApiKey('the key', 'the key')
  expect(agent).toEqual({
    issuer: 'ledgerline:agent',
    subject: 'agent',
    kind: 'service',
    tenants: ['default'],
    roles: ['operator'],
    plan: null,
    name: null,
    authMethod: 'api-key',
    onBehalfOf: null,
  })
  expect(verifyApiKey('the key', 'the key')).toBe(agent)
})

test('the agent has the tenants and roles that are configured', () => {
  const agent = agentIdentity({ tenants: [tenantOf('acme')], roles: ['viewer'] })
  expect(verifyApiKey('the key', 'the key', agent)).toBe(agent)
  expect(agent).toMatchObject({ tenants: ['acme'], roles: ['viewer'], kind: 'service' })
})

test.each([
  [undefined, 'an API key is required'],
  ['', 'an API key is required'],
  ['the kez', 'the API key is wrong'],
  ['the key ', 'the API key is wrong'],
  ['t', 'the API key is wrong'],
  ['THE KEY', 'the API key is wrong'],
])('the key %j is refused', async (given, message) => {
  expect(await refusalOf(() => verifyApiKey('the key', given))).toBe(`UNAUTHORIZED: ${message}`)
})

test.each([[undefined], ['any']])('without a configured key %s is told so', async (given) => {
  expect(await refusalOf(() => verifyApiKey(null, given))).toBe(
    'KEY_NOT_CONFIGURED: DATAPIPELINES_API_KEY is not set on the server',
  )
})
