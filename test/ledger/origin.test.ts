import { describe, expect, test } from 'vitest'
import type { DomainEvent } from '../../src/domain/events.ts'
import { decode, encode, UnreadableEvent } from '../../src/ledger/codec.ts'
import { examples, metadataOf, newEvent } from '../support/events.ts'

const event = examples.RunPaused[0] as DomainEvent
const written = (origin: string) => encode(newEvent(event, metadataOf({ origin })))
const read = (origin: unknown) =>
  decode({
    id: 'id',
    streamId: 'run-acme.r1',
    revision: 0n,
    type: event.type,
    created: new Date(0),
    data: event.data,
    metadata: { ...metadataOf(), origin },
  }).metadata.origin

const sealed = `sealed:1:p-${'a'.repeat(26)}:${'A'.repeat(52)}`
const life = '0190a6a3-7c5e-7bbb-8d5c-0123456789ab'

const messageOf = (refused: () => unknown): string => {
  try {
    refused()
  } catch (error) {
    return `${error}`
  }
  return 'it was taken'
}

describe('the origin of a command', () => {
  test.each(['http', 'test', 'claims', 'pipeline-files', 'worker:box.7', `worker:${life}.${life}`, sealed])(
    'may be %s',
    (origin) => {
      const { metadata } = written(origin)
      const stored = JSON.parse(new TextDecoder().decode(metadata instanceof Uint8Array ? metadata : undefined))
      expect(stored.origin).toBe(origin)
      expect(read(origin)).toBe(origin)
    },
  )

  test.each([
    '203.0.113.7',
    '127.0.0.1',
    '::1',
    '::ffff:203.0.113.7',
    'fe80::1',
    'fe80:1:2:3:4:5:6:7',
    'worker:203.0.113.7',
    'worker:fe80::1',
    'alice@example.org',
    'Alice',
    'no address',
    '',
    'http\n',
    `${sealed}.`,
    sealed.slice(0, -20),
    'sealed:1:alice:203.0.113.7',
    undefined,
    null,
    7,
  ])('is refused in writing and in reading when it is %j, and not repeated in the error', (origin) => {
    for (const refused of [() => written(origin as string), () => read(origin)]) {
      const message = messageOf(refused)
      expect(message).toMatch(/origin/)
      if (typeof origin === 'string' && origin.length > 6) expect(message).not.toContain(origin)
    }
    expect(() => read(origin)).toThrow(UnreadableEvent)
  })
})
