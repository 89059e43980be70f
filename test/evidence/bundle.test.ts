import { describe, expect, test } from 'vitest'
import { bundleLeavesMax, PeriodBundle } from '../../src/evidence/bundle.ts'
import { cosigner, noteSigner, parseNote, parseVerifierKey } from '../../src/evidence/note.ts'
import { parsePolicy, policyOf } from '../../src/evidence/verifier/policy.ts'
import { verify } from '../../src/evidence/verifier/verify.ts'
import { bytesOf, eventOf, jsonOf, logOf, origin, outcome, periodBundle, signer, trusted } from './world.ts'

const log = logOf(23)

describe('the bundle of a run', () => {
  const bytes = log.run('r1')

  test('is verified with the key of its log, check by check', () => {
    const { verdict, checks } = verify(bytes, trusted)
    expect(verdict).toBe('VERIFIED')
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual(
      [
        'format',
        'order',
        'claim',
        'events',
        'inclusion',
        'manifest',
        'checkpoint signature',
        'manifest signature',
        'quorum',
      ].map((name) => [name, true]),
    )
    expect(checks.map(({ detail }) => detail).join()).toContain('11 inclusion proofs lead to the root')
  })

  test('is unverified without a key, for all that holds without one', () => {
    expect([outcome(bytes, null), outcome(bytes, policyOf([]))]).toEqual(['UNVERIFIED', 'UNVERIFIED'])
  })

  test('is its own canonical bytes, with whole events', () => {
    expect(bytesOf(jsonOf(bytes))).toEqual(bytes)
    const { leaves, claim } = jsonOf(bytes)
    expect(leaves.map(({ envelope }) => envelope.index)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21])
    expect(leaves[0]?.event).toEqual({ data: eventOf(1).data, metadata: eventOf(1).metadata })
    expect(claim).toEqual({ form: 'subject', kind: 'run', id: 'r1', streams: ['run-acme.r1'] })
  })

  test('carries data that are not JSON as they are', () => {
    const bytesLog = logOf(3, (n) => ({ ...eventOf(n), data: n === 1 ? new Uint8Array() : Buffer.from([n, 255]) }))
    expect([outcome(bytesLog.run('r0')), outcome(bytesLog.run('r1'))]).toEqual(['VERIFIED', 'VERIFIED'])
  })

  test('carries revisions beyond 2^53 and odd JSON', () => {
    const odd = JSON.parse('{"__proto__":1,"":[],"\\u2028":1e300,"a":{"a":-0.5}}')
    expect(outcome(logOf(3, (n) => ({ ...eventOf(n), data: odd })).run('r1'))).toBe('VERIFIED')
    const late = logOf(3, (n) => ({ ...eventOf(n), revision: 2n ** 53n }))
    expect(outcome(late.run('r1'))).toContain('goes on with revision 9007199254740992 instead of 0')
    expect(outcome(late.period(null, 3))).toBe('VERIFIED')
  })
})

describe('the bundle of a period', () => {
  test('is verified between any two sizes', () => {
    for (let to = 1; to <= 23; to++) {
      expect(outcome(log.period(null, to))).toBe('VERIFIED')
      for (let from = 0; from <= to; from++) expect(outcome(log.period(from, to))).toBe('VERIFIED')
    }
  })

  test('carries of leaves of other types the envelope alone, and is as complete', () => {
    const bytes = log.period(6, 23, ['RunRequested'])
    const { checks } = verify(bytes, trusted)
    expect(outcome(bytes)).toBe('VERIFIED')
    expect(checks.find(({ name }) => name === 'claim')?.detail).toBe('a period, types "RunRequested": 3 events')
    expect(checks.find(({ name }) => name === 'completeness')?.detail).toBe('every leaf from 6 to 23, none left out')
    expect(jsonOf(bytes).leaves.filter(({ event }) => event)).toHaveLength(3)
    expect(outcome(log.period(6, 23, []))).toBe('VERIFIED')
  })

  test('is unverified without a key', () => {
    expect(outcome(log.period(5, 23), null)).toBe('UNVERIFIED')
  })
})

describe('with a policy', () => {
  const witness = cosigner('w.example', Buffer.alloc(32, 9), () => 1_700_000_000)
  const cosigned = `${log.checkpoint()}${witness.sign(parseNote(log.checkpoint()).text)}`
  const bundle = (checkpoint: string) => periodBundle(null, log.events, { since: null, checkpoint, signer })
  const policyWith = (...lines: string[]) => parsePolicy(Buffer.from(lines.join('\n')))
  const asks = policyWith(`log ${signer.vkey}`, `witness W ${witness.vkey}`, 'quorum W')

  test('a checkpoint that the quorum cosigned is verified', () => {
    expect(outcome(bundle(cosigned), asks)).toBe('VERIFIED')
    expect(outcome(bundle(cosigned))).toBe('VERIFIED')
  })

  test('one that it did not cosign is refused by that name', () => {
    expect(outcome(bundle(log.checkpoint()), asks)).toBe('quorum: the cosignatures do not meet the quorum W')
  })

  test('a wrong cosignature is refused', () => {
    const wrong = `${log.checkpoint()}${witness.sign('other\n')}`
    expect(outcome(bundle(wrong), asks)).toBe('quorum: the signature of w.example is wrong')
  })

  test('of witnesses alone nothing is verified, since the log is not known', () => {
    expect(outcome(bundle(cosigned), policyWith(`witness W ${witness.vkey}`, 'quorum W'))).toBe('UNVERIFIED')
  })

  test('the log that counts is the one of the origin', () => {
    const other = noteSigner('ledger.example/other', Buffer.alloc(32, 7))
    expect(outcome(log.run('r0'), policyOf([parseVerifierKey(other.vkey)]))).toBe(
      `checkpoint signature: no key was given for the log "${origin}"`,
    )
    expect(outcome(log.run('r0'), policyOf([other, signer].map(({ vkey }) => parseVerifierKey(vkey))))).toBe('VERIFIED')
  })
})

describe('a bundle is not made', () => {
  test('by the key of another log', () => {
    const other = noteSigner('ledger.example/other', Buffer.alloc(32, 7))
    const seal = { since: null, checkpoint: log.checkpoint(), signer: other }
    expect(() => periodBundle(null, log.events, seal)).toThrow(
      'the key of ledger.example/other cannot sign for the log ledger.example/acme',
    )
  })

  test('of too many leaves', () => {
    const bundle = new PeriodBundle([])
    const event = { index: 0, event: eventOf(0) }
    for (let leaf = 0; leaf < bundleLeavesMax; leaf += 1) bundle.add(event)
    expect(() => bundle.add(event)).toThrow('a bundle of more than 100000 leaves')
  })
})
