import { CompactSign } from 'jose'
import { describe, expect, test } from 'vitest'
import {
  ecPair,
  edPair,
  nowS,
  pemOf,
  publicSource,
  rawToken,
  refusalOf,
  rsaPair,
  secret,
  secretSource,
  secretToken,
  tokenOf,
  verifierOf,
} from './signing.ts'

const rsa = rsaPair()
const pairs = {
  rsa,
  'P-256': ecPair('P-256'),
  'P-384': ecPair('P-384'),
  'P-521': ecPair('P-521'),
  ed25519: edPair(),
}

describe('a token is taken', () => {
  test.each([
    ['rsa', 'RS256'],
    ['rsa', 'RS512'],
    ['rsa', 'PS384'],
    ['P-256', 'ES256'],
    ['P-384', 'ES384'],
    ['P-521', 'ES512'],
    ['ed25519', 'EdDSA'],
  ] as const)('of the public %s key, signed with %s', async (name, alg) => {
    const token = await tokenOf(pairs[name].privateKey, alg)
    const identity = await verifierOf(publicSource(pairs[name])).verify(token)
    expect(identity).toEqual({
      issuer: 'https://issuer.example',
      subject: 'alice',
      kind: 'person',
      tenants: ['acme'],
      roles: ['operator'],
      plan: null,
      name: null,
      authMethod: 'jwt',
      onBehalfOf: null,
    })
  })

  test.each(['HS256', 'HS384', 'HS512'])('of the secret, signed with %s', async (alg) => {
    const identity = await verifierOf(secretSource).verify(await secretToken({}, alg))
    expect(identity.subject).toBe('alice')
  })

  test('of a public key that comes as a JWK', async () => {
    const pem = JSON.stringify(pairs['P-256'].publicKey.export({ format: 'jwk' }))
    const token = await tokenOf(pairs['P-256'].privateKey, 'ES256')
    expect((await verifierOf({ kind: 'public-key', pem }).verify(token)).subject).toBe('alice')
  })

  test('with the issuer and one of the audiences that are expected', async () => {
    const verifier = verifierOf(secretSource, { issuer: 'https://issuer.example', audience: 'ledger' })
    const token = await secretToken({ aud: ['other', 'ledger'] })
    expect((await verifier.verify(token)).issuer).toBe('https://issuer.example')
  })

  test.each([
    ['expired', { exp: nowS - 29 }],
    ['becomes valid', { nbf: nowS + 30 }],
  ])('for the 30 seconds that clocks may differ when it %s', async (_what, claims) => {
    expect((await verifierOf(secretSource).verify(await secretToken(claims))).subject).toBe('alice')
  })
})

describe('a token is refused, and says why in general words, when', () => {
  test.each([
    ['it expired', { exp: nowS - 30 }, 'the token has expired'],
    ['it is not yet valid', { nbf: nowS + 31 }, 'the token is not yet valid'],
    ['it never expires', { exp: undefined }, 'the token has no expiry'],
    ['its expiry is no number', { exp: 'tomorrow' }, 'the token is malformed'],
    ['it is of another issuer', { iss: 'https://other.example' }, 'the token is not of the expected issuer'],
    ['it names no issuer', { iss: undefined }, 'the token is not of the expected issuer'],
    ['it is for another audience', { aud: 'other' }, 'the token is not for the expected audience'],
    ['it names no audience', { aud: undefined }, 'the token is not for the expected audience'],
  ])('%s', async (_what, claims, message) => {
    const verifier = verifierOf(secretSource, { issuer: 'https://issuer.example', audience: 'ledger' })
    const token = await secretToken({ aud: 'ledger', ...claims })
    expect(await refusalOf(verifier.verify(token))).toBe(`UNAUTHORIZED: ${message}`)
  })

  test('it calls itself one of ours, and any issuer is taken', async () => {
    const token = await secretToken({ iss: 'ledgerline:agent', sub: 'agent' })
    expect(await refusalOf(verifierOf(secretSource).verify(token))).toContain('not of the expected issuer')
  })

  test('another key signed it', async () => {
    const token = await tokenOf(rsaPair().privateKey, 'RS256')
    expect(await refusalOf(verifierOf(publicSource(rsa)).verify(token))).toBe(
      'UNAUTHORIZED: the signature of the token is wrong',
    )
  })

  test('its claims were changed afterwards', async () => {
    const [header, claims = '', signature] = (await secretToken()).split('.')
    const changed = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), tenant: 'other' }
    const token = [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.')
    expect(await refusalOf(verifierOf(secretSource).verify(token))).toBe(
      'UNAUTHORIZED: the signature of the token is wrong',
    )
  })

  test.each([
    ['nothing', ''],
    ['a word', 'token'],
    ['three empty parts', '..'],
    ['parts that are no base64', '!.!.!'],
    ['a header without an algorithm', rawToken({}, { sub: 'alice' }, 'AA')],
  ])('it is %s', async (_what, token) => {
    expect(await refusalOf(verifierOf(secretSource).verify(token))).toBe('UNAUTHORIZED: the token is malformed')
  })

  test('its claims are no JSON, though well signed', async () => {
    const signing = new CompactSign(Buffer.from('no JSON')).setProtectedHeader({ alg: 'HS256' })
    const token = await signing.sign(Buffer.from(secret))
    expect(await refusalOf(verifierOf(secretSource).verify(token))).toBe('UNAUTHORIZED: the token is malformed')
  })

  test('it is longer than 16,384 characters, though well signed', async () => {
    const token = await secretToken({ padding: 'x'.repeat(16_384) })
    expect(await refusalOf(verifierOf(secretSource).verify(token))).toBe('UNAUTHORIZED: the token is malformed')
  })
})

describe('an algorithm that the source does not have is refused', () => {
  const refused = 'UNAUTHORIZED: the token is signed with an algorithm that is not accepted'
  const claims = { sub: 'alice', tenant: 'acme', exp: nowS + 600 }

  test.each([
    ['secret', secretSource],
    ['public-key', publicSource(rsa)],
    ['jwks', { kind: 'jwks', url: 'http://127.0.0.1:1/never-asked' }],
  ] as const)('none, whatever checks tokens (%s)', async (_kind, source) => {
    for (const alg of ['none', 'None', 'NONE']) {
      expect(await refusalOf(verifierOf(source).verify(rawToken({ alg }, claims)))).toBe(refused)
    }
  })

  test('HMAC with the text of the public key as its secret', async () => {
    for (const text of [pemOf(rsa.publicKey), pemOf(rsa.publicKey).trim()]) {
      const token = await tokenOf(Buffer.from(text), 'HS256')
      expect(await refusalOf(verifierOf(publicSource(rsa)).verify(token))).toBe(refused)
    }
  })

  test('HMAC where a key set is what checks tokens', async () => {
    const verifier = verifierOf({ kind: 'jwks', url: 'http://127.0.0.1:1/never-asked' })
    expect(await refusalOf(verifier.verify(await secretToken()))).toBe(refused)
  })

  test('a public key where a secret is what checks tokens', async () => {
    const token = await tokenOf(rsa.privateKey, 'RS256')
    expect(await refusalOf(verifierOf(secretSource).verify(token))).toBe(refused)
  })

  test.each([
    ['rsa', 'ed25519', 'EdDSA'],
    ['P-256', 'P-384', 'ES384'],
    ['ed25519', 'P-256', 'ES256'],
  ] as const)('the %s key takes no token of a %s key (%s)', async (name, other, alg) => {
    const token = await tokenOf(pairs[other].privateKey, alg)
    expect(await refusalOf(verifierOf(publicSource(pairs[name])).verify(token))).toBe(refused)
  })

  test('another one than the JWK itself names', async () => {
    const pem = JSON.stringify({ ...rsa.publicKey.export({ format: 'jwk' }), alg: 'PS256' })
    const verifier = verifierOf({ kind: 'public-key', pem })
    expect((await verifier.verify(await tokenOf(rsa.privateKey, 'PS256'))).subject).toBe('alice')
    expect(await refusalOf(verifier.verify(await tokenOf(rsa.privateKey, 'RS256')))).toBe(refused)
  })
})

test('no message carries what the library or the token says', async () => {
  const verifier = verifierOf(secretSource, { issuer: 'internal-issuer', audience: 'internal-audience' })
  const token = await secretToken({ iss: 'said-by-the-token' })
  expect(await refusalOf(verifier.verify(token))).not.toMatch(/internal|said-by|claim|"/)
})
