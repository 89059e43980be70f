import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { newSecret, signatures } from '../../src/webhooks/sign.ts'

const anySecret = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`)
const anyBody = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json())
const nowS = () => Math.floor(Date.now() / 1_000)

const verified = (secret: string, signature: string, id: string, timestampS: number, body: string): unknown =>
  new Webhook(secret).verify(
    body,
    { 'webhook-id': id, 'webhook-timestamp': `${timestampS}`, 'webhook-signature': signature },
    { jsonParse: false },
  )

describe('a signature', () => {
  test('is that of the published example', () => {
    const signed = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestampS: 1614265330, body: '{"test": 2432232314}' }
    expect(signatures(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], signed)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    )
  })

  test('is verified by the reference library, whatever the body and the secret', () => {
    const isVerified = fc.property(anySecret, fc.uuid(), anyBody, (secret, id, body) => {
      const timestampS = nowS()
      verified(secret, signatures([secret], { id, timestampS, body }), id, timestampS, body)
    })
    fc.assert(isVerified, {
      examples: [
        [newSecret(), 'msg_1', ''],
        [newSecret(), 'msg_1', '{"name":"Zoë \u{1f980}"}'],
      ],
    })
  })

  test('holds for this body, id, time and secret only', () => {
    const [secret, id, body, timestampS] = [newSecret(), 'msg_1', '{"a":1}', nowS()]
    const signature = signatures([secret], { id, timestampS, body })
    verified(secret, signature, id, timestampS, body)
    expect(() => verified(secret, signature, id, timestampS, '{"a":2}')).toThrow()
    expect(() => verified(secret, signature, 'msg_2', timestampS, body)).toThrow()
    expect(() => verified(secret, signature, id, timestampS - 1, body)).toThrow()
    expect(() => verified(newSecret(), signature, id, timestampS, body)).toThrow()
  })

  test('comes once for each secret while they are rotated, and a receiver with either one is content', () => {
    const [old, young, id, body, timestampS] = [newSecret(), newSecret(), 'msg_1', '{}', nowS()]
    const both = signatures([young, old], { id, timestampS, body })
    expect(both).toMatch(/^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/)
    verified(old, both, id, timestampS, body)
    verified(young, both, id, timestampS, body)
    expect(() => verified(newSecret(), both, id, timestampS, body)).toThrow()
  })
})

describe('a secret', () => {
  test('is 32 random bytes, and never the same', () => {
    const secrets = Array.from({ length: 1_000 }, newSecret)
    expect(new Set(secrets).size).toBe(1_000)
    for (const secret of secrets) expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  })

  test.each([
    '',
    'whsec_',
    Buffer.alloc(32).toString('base64'),
    `whsec_${Buffer.alloc(23).toString('base64')}`,
    `whsec_${Buffer.alloc(65).toString('base64')}`,
    `whsec_${Buffer.alloc(32).toString('base64')}\n`,
    `whsec_${Buffer.alloc(32, 0xff).toString('base64url')}`,
    `whsk_${Buffer.alloc(32).toString('base64')}`,
  ])('that is none is not signed with, nor told: %j', (secret) => {
    const sign = () => signatures([newSecret(), secret], { id: 'msg_1', timestampS: 1, body: '' })
    expect(sign).toThrow('a webhook secret is whsec_ and the base64 of 24 to 64 bytes')
  })

  test('there must be', () => {
    expect(() => signatures([], { id: 'msg_1', timestampS: 1, body: '' })).toThrow('at least one secret')
  })
})
