import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { envelopeOf, isLeaf, leafBytes, logOfStream, originOf } from '../../src/evidence/leaf.ts'
import { eventOf } from './world.ts'

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex')
const { metadata } = eventOf(3)
const event = { ...eventOf(3), data: { b: 1, a: 'x' }, metadata: { ...metadata, actor: { pseudonym: 'p-1' } } }
const salt = Buffer.from(String(metadata.salt), 'base64')

describe('the leaf of an event', () => {
  test('is the RFC 8785 JSON of its envelope', () => {
    const dataHash = sha256(Buffer.of(2), salt, Buffer.from('{"a":"x","b":1}'))
    const metaHash = sha256(
      Buffer.of(3),
      salt,
      Buffer.from(
        `{"actor":{"pseudonym":"p-1"},"bodyHash":"${'ab'.repeat(32)}","command":"CompleteStage","schema":1,"tenant":"acme"}`,
      ),
    )
    expect(Buffer.from(leafBytes(envelopeOf(event, 3))).toString()).toBe(
      `{"actor":"p-1","dataHash":"${dataHash}","id":"${event.id}","index":3,"metaHash":"${metaHash}",` +
        `"recordedAt":"2023-11-14T22:13:20.003Z","revision":1,"stream":"run-acme.r1","type":"StageCompleted","v":1}`,
    )
  })

  test('hashes what is not JSON over its bytes', () => {
    const bytes = Buffer.from([0, 255, 10])
    expect(envelopeOf({ ...event, data: bytes }, 3).dataHash).toBe(sha256(Buffer.of(2), salt, bytes))
  })

  test('has integers from 2^53 on as text', () => {
    const revisionOf = (revision: bigint) => envelopeOf({ ...event, revision }, 3).revision
    expect([revisionOf(2n ** 53n - 1n), revisionOf(2n ** 53n)]).toEqual([2 ** 53 - 1, '9007199254740992'])
  })

  test('needs a salt of 32 bytes and an actor', () => {
    const withMetadata = (over: object) => () => envelopeOf({ ...event, metadata: { ...event.metadata, ...over } }, 3)
    for (const over of [{ salt: null }, { salt: 'AAAA' }, { salt: `${metadata.salt}=` }, { actor: {} }]) {
      expect(withMetadata(over)).toThrow('the event 1@run-acme.r1 has no salt of 32 bytes or no actor')
      expect(isLeaf({ ...event, metadata: { ...event.metadata, ...over } })).toBe(false)
    }
    expect(isLeaf(event)).toBe(true)
    expect(isLeaf({ ...event, stream: 'lease-acme.l' })).toBe(false)
  })

  test('fits into an entry of the log', () => {
    const long = (length: number) => ({ ...event, stream: `run-acme.${'x'.repeat(length)}` })
    expect(() => leafBytes(envelopeOf(long(65_600), 3))).toThrow('at most 65535')
  })
})

describe('the log of a stream', () => {
  test.each([
    ['run-acme.r1', 'acme', 'commands'],
    ['pipeline-a-b_c.0.1', 'a-b_c', 'commands'],
    ['delivery-acme.w1', 'acme', 'commands'],
    ['newcategory-acme.x', 'acme', 'commands'],
    ['access-acme.2026-01-01-r0', 'acme', 'access'],
  ])('%s is that of %s with its %s', (stream, tenant, log) => {
    expect(logOfStream(stream)).toEqual({ tenant, log })
  })

  test.each([
    'lease-acme.relay',
    'checkpoint-acme.commands',
    'runlog-acme.r1',
    '$ce-run',
    '$$run-acme.r1',
    'run-acme',
    'x',
  ])('is none for %s', (stream) => {
    expect(logOfStream(stream)).toBeUndefined()
  })

  test('has an origin of its own', () => {
    expect([originOf('l.example', 'acme', 'commands'), originOf('l.example', 'acme', 'access')]).toEqual([
      'l.example/acme',
      'l.example/acme/access',
    ])
  })
})
