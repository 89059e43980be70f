import { expect, test } from 'vitest'
import { agentIdentity } from '../../src/auth/api-key.ts'
import { VerifiedCache } from '../../src/auth/verified-cache.ts'
import { nowMs, nowS, refusalOf, secretSource, secretToken, verifierOf } from './signing.ts'

/** A cache over a verification that counts, at a time that the test sets. */
const counted = ({ expiresInMs = 3_600_000, entriesMax = 10_000 } = {}) => {
  const state = { now: nowMs, verifications: 0, fails: false }
  const cache = new VerifiedCache(
    async (token) => {
      state.verifications += 1
      await new Promise((resolve) => setImmediate(resolve))
      if (state.fails) throw new Error('refused')
      return { identity: { ...agentIdentity(), subject: token }, expiresAtMs: nowMs + expiresInMs }
    },
    { nowMs: () => state.now, entriesMax },
  )
  return { state, cache, verify: (token: string) => cache.verify(token) }
}

test('a token is verified once, and is the same identity each time', async () => {
  const { state, verify } = counted()
  const identity = await verify('a')
  for (let again = 0; again < 100; again++) expect(await verify('a')).toBe(identity)
  expect((await verify('b')).subject).toBe('b')
  expect(state.verifications).toBe(2)
})

test('all who ask at once share one verification, also one that fails', async () => {
  const { state, verify } = counted()
  await Promise.all(Array.from({ length: 50 }, () => verify('a')))
  expect(state.verifications).toBe(1)
  state.fails = true
  const failures = await Promise.allSettled(Array.from({ length: 50 }, () => verify('b')))
  expect(failures.every(({ status }) => status === 'rejected')).toBe(true)
  expect(state.verifications).toBe(2)
})

test('what failed is verified again', async () => {
  const { state, cache, verify } = counted()
  state.fails = true
  await expect(verify('a')).rejects.toThrow('refused')
  expect(cache.size).toBe(0)
  state.fails = false
  expect((await verify('a')).subject).toBe('a')
})

test('nothing is remembered past its expiry', async () => {
  const { state, verify } = counted({ expiresInMs: 1_000 })
  await verify('a')
  state.now = nowMs + 999
  await verify('a')
  expect(state.verifications).toBe(1)
  state.now = nowMs + 1_000
  await verify('a')
  expect(state.verifications).toBe(2)
})

test('what has expired already is not kept', async () => {
  const { cache, verify } = counted({ expiresInMs: -1 })
  await verify('a')
  expect(cache.size).toBe(0)
})

test('nothing is remembered for longer than five minutes', async () => {
  const { state, verify } = counted()
  await verify('a')
  state.now = nowMs + 299_999
  await verify('a')
  expect(state.verifications).toBe(1)
  state.now = nowMs + 300_000
  await verify('a')
  expect(state.verifications).toBe(2)
  state.now = nowMs + 599_999
  await verify('a')
  expect(state.verifications).toBe(2)
})

test('the oldest makes room', async () => {
  const { state, cache, verify } = counted({ entriesMax: 3 })
  for (const token of ['a', 'b', 'c', 'd']) await verify(token)
  expect(cache.size).toBe(3)
  for (const token of ['b', 'c', 'd']) await verify(token)
  expect(state.verifications).toBe(4)
  await verify('a')
  expect(state.verifications).toBe(5)
})

test('there are never more than 10,000', async () => {
  const { cache, verify } = counted()
  for (let from = 0; from < 10_500; from += 500) {
    await Promise.all(Array.from({ length: 500 }, (_, index) => verify(`${from + index}`)))
  }
  expect(cache.size).toBe(10_000)
})

test('more at once than fit are all verified', async () => {
  const { state, cache, verify } = counted({ entriesMax: 2 })
  const identities = await Promise.all(['a', 'b', 'c', 'c'].map(verify))
  expect(identities.map(({ subject }) => subject)).toEqual(['a', 'b', 'c', 'c'])
  expect(state.verifications).toBe(4)
  expect(cache.size).toBe(2)
})

test('a verifier remembers its tokens, until they expire', async () => {
  let now = nowMs
  const verifier = verifierOf(secretSource, { nowMs: () => now })
  const token = await secretToken({ exp: nowS + 60 })
  const identity = await verifier.verify(token)
  expect(await verifier.verify(token)).toBe(identity)
  now = nowMs + 91_000
  expect(await refusalOf(verifier.verify(token))).toBe('UNAUTHORIZED: the token has expired')
})
