import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { VerifierOptions } from '../../src/auth/tokens.ts'
import { JwksServer } from './jwks-server.ts'
import { ecPair, edPair, nowMs, type Pair, refusalOf, rsaPair, tokenOf, verifierOf } from './signing.ts'

const unreachable = 'UNAUTHORIZED: the keys of the issuer cannot be reached'
const unknownKey = 'UNAUTHORIZED: the token is signed with an unknown key'
const first = ecPair('P-256')
const second = ecPair('P-256')

let issuer: JwksServer
beforeEach(async () => {
  issuer = new JwksServer()
  await issuer.start()
  issuer.publish({ first: first.publicKey })
})
afterEach(async () => {
  vi.useRealTimers()
  await issuer.stop()
})

const verifier = (options: Partial<VerifierOptions> = {}) => verifierOf({ kind: 'jwks', url: issuer.url }, options)
let serial = 0
/** Each token is another one, so that none is answered from memory. */
const signed = ({ privateKey }: Pair, kid: string, alg = 'ES256') =>
  tokenOf(privateKey, alg, { jti: String(serial++) }, { kid })

test('keys are fetched once for many tokens', async () => {
  const { verify } = bound(verifier())
  const tokens = await Promise.all(Array.from({ length: 20 }, () => signed(first, 'first')))
  expect(issuer.fetches).toBe(0)
  await Promise.all(tokens.slice(0, 10).map(verify))
  for (const token of tokens.slice(10)) expect((await verify(token)).subject).toBe('alice')
  expect(issuer.fetches).toBe(1)
})

test.each([
  ['RS256', rsaPair()],
  ['PS512', rsaPair()],
  ['ES384', ecPair('P-384')],
  ['ES512', ecPair('P-521')],
  ['EdDSA', edPair()],
] as const)('a key set may sign with %s', async (alg, pair) => {
  issuer.publish({ first: first.publicKey, other: pair.publicKey })
  expect((await verifier().verify(await signed(pair, 'other', alg))).subject).toBe('alice')
})

describe('a key that the set did not have', () => {
  test('is found in the set when the issuer rotated', async () => {
    const { verify } = bound(verifier({ jwksCooldownMs: 0 }))
    await verify(await signed(first, 'first'))
    issuer.publish({ second: second.publicKey })
    expect((await verify(await signed(second, 'second'))).subject).toBe('alice')
    expect(issuer.fetches).toBe(2)
    expect(await refusalOf(verify(await signed(first, 'first')))).toBe(unknownKey)
  })

  test('is not looked for again within 30 seconds, and then is', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: nowMs })
    const { verify } = bound(verifier())
    await verify(await signed(first, 'first'))
    issuer.publish({ second: second.publicKey })
    vi.setSystemTime(nowMs + 29_999)
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await refusalOf(verify(await signed(second, 'second')))).toBe(unknownKey)
    }
    expect(issuer.fetches).toBe(1)
    vi.setSystemTime(nowMs + 30_001)
    expect((await verify(await signed(second, 'second'))).subject).toBe('alice')
    expect(issuer.fetches).toBe(2)
  })

  test('is refused when another key signed in its name', async () => {
    expect(await refusalOf(verifier().verify(await signed(second, 'first')))).toBe(
      'UNAUTHORIZED: the signature of the token is wrong',
    )
  })

  test('is refused when the token does not say which of two keys it is', async () => {
    issuer.publish({ first: first.publicKey, second: second.publicKey })
    expect(await refusalOf(verifier().verify(await tokenOf(first.privateKey, 'ES256')))).toBe(unknownKey)
  })
})

test('a key that the issuer took away stops working, for the token too that was good before', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: nowMs })
  let now = nowMs
  const { verify } = bound(verifier({ nowMs: () => now }))
  const token = await signed(first, 'first')
  await verify(token)
  issuer.publish({ second: second.publicKey })
  now += 300_001
  vi.setSystemTime(now)
  expect(await refusalOf(verify(token))).toBe(unknownKey)
})

describe('keys that cannot be had are said to be that', () => {
  const answered = async (instead: JwksServer['instead'], options?: Partial<VerifierOptions>) => {
    issuer.instead = instead
    return refusalOf(verifier(options).verify(await signed(first, 'first')))
  }

  test.each([
    ['an error', { status: 500, body: 'stack trace' }],
    ['no JSON', { status: 200, body: '<html>' }],
    ['no key set', { status: 200, body: '{"keys":7}' }],
  ])('when the issuer answers %s', async (_what, instead) => {
    expect(await answered(instead)).toBe(unreachable)
  })

  test('when the issuer never answers', async () => {
    expect(await answered(null, { jwksTimeoutMs: 50 })).toBe(unreachable)
  })

  test('when nobody is there, and no longer than that', async () => {
    const { verify } = bound(verifier())
    const token = await signed(first, 'first')
    issuer.instead = { status: 503, body: '' }
    expect(await refusalOf(verify(token))).toBe(unreachable)
    issuer.instead = undefined
    expect((await verify(token)).subject).toBe('alice')
    const { url } = issuer
    await issuer.stop()
    expect(await refusalOf(verifierOf({ kind: 'jwks', url }).verify(token))).toBe(unreachable)
  })
})

const bound = (of: ReturnType<typeof verifierOf>) => ({ verify: (token: string) => of.verify(token) })
