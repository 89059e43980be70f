import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { NewEvent } from '../../src/app/ports/ledger.ts'
import type { DomainEvent } from '../../src/domain/events.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { decode, encode, type RawEvent, UnreadableEvent } from '../../src/ledger/codec.ts'
import { schemas } from '../../src/ledger/schemas/index.ts'
import { examples, metadataOf, newEvent } from '../support/events.ts'
import { stageCompleted } from '../support/run-events.ts'

/** What a ledger hands out for what was given to it: the same JSON. */
const stored = (event: NewEvent, over: Partial<RawEvent> = {}): RawEvent => {
  const { id, type, data, metadata } = encode(event)
  return {
    id,
    type,
    data: JSON.parse(JSON.stringify(data)),
    metadata: JSON.parse(metadata instanceof Uint8Array ? new TextDecoder().decode(metadata) : ''),
    streamId: 'run-acme.r1',
    revision: 3n,
    created: new Date('2026-01-01T00:00:00.123Z'),
    position: { commit: 2n ** 60n },
    ...over,
  }
}

const all: DomainEvent[] = Object.values(examples).flat()

test('every type of the table has an example here', () => {
  expect(Object.keys(examples).sort()).toEqual(Object.keys(schemas).sort())
  for (const [type, events] of Object.entries(examples)) {
    expect(events.map((event) => event.type)).toEqual(events.map(() => type))
    expect(events.length).toBeGreaterThan(0)
  }
})

describe.each(all.map((event) => ({ type: event.type, event })))('$type', ({ event }) => {
  test('is read as it was written', () => {
    const written = newEvent(event)
    expect(decode(stored(written))).toEqual({
      id: written.id,
      stream: 'run-acme.r1',
      revision: 3n,
      position: 2n ** 60n,
      type: event.type,
      event,
      metadata: written.metadata,
      recordedAt: '2026-01-01T00:00:00.123Z',
    })
  })

  test('cannot be read when a field is missing or is something else', () => {
    const raw = stored(newEvent(event))
    for (const field of Object.keys(event.data)) {
      const { [field]: _, ...rest } = raw.data as JsonObject
      expect(() => decode({ ...raw, data: rest }), `without ${field}`).toThrow(UnreadableEvent)
      const wrong = { ...rest, [field]: () => 0 }
      expect(() => decode({ ...raw, data: wrong }), `with a wrong ${field}`).toThrow(UnreadableEvent)
    }
    for (const data of [undefined, null, 'text', [], Buffer.from('{}')]) {
      expect(() => decode({ ...raw, data })).toThrow(UnreadableEvent)
    }
  })

  test('is not written when a field is wrong', () => {
    for (const field of Object.keys(event.data)) {
      const wrong = { ...event, data: { ...event.data, [field]: undefined } } as DomainEvent
      expect(() => encode(newEvent(wrong)), field).toThrow()
    }
  })

  test('may have fields that only a later version knows', () => {
    const raw = stored(newEvent(event))
    expect(decode({ ...raw, data: { ...(raw.data as JsonObject), later: 1 } }).event).toEqual(event)
  })
})

test('a stage may tell the columns of its sinks, and those that were written before do not', () => {
  const schema = [{ sink: 'out', columns: [{ name: '__proto__', type: 'BIGINT' }] }]
  const told = newEvent(stageCompleted('load', 1, { schema }))
  expect(decode(stored(told)).event).toEqual(told.event)
  const raw = stored(newEvent(stageCompleted('load')))
  expect(decode(raw).event?.data).not.toHaveProperty('schema')
  for (const wrong of [null, {}, [{ sink: 'out' }], [{ sink: 'out', columns: [{ name: 'a' }] }]]) {
    const data = { ...(raw.data as JsonObject), schema: wrong }
    expect(() => decode({ ...raw, data })).toThrow(UnreadableEvent)
  }
})

test('a stage may put out any JSON object', () => {
  const json = fc
    .dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
    .map((value): JsonObject => JSON.parse(JSON.stringify(value)))
  fc.assert(
    fc.property(json, (output) => {
      const event = stageCompleted('extract', 1, { output })
      expect(JSON.stringify(decode(stored(newEvent(event))).event)).toBe(JSON.stringify(event))
    }),
  )
})

describe('an event of a type that is not known', () => {
  test.each(['RunTeleported', 'toString', '__proto__', ''])('%j is kept, without its data', (type) => {
    const raw = stored(newEvent({ type: 'RunPaused', data: examples.RunPaused[0]?.data } as DomainEvent), { type })
    expect(decode({ ...raw, data: { any: 'thing' } })).toMatchObject({ type, event: null, revision: 3n })
  })
})

describe('metadata', () => {
  const event = examples.RunPaused[0] as DomainEvent

  test('with all that may be there is read as it was written', () => {
    const metadata = metadataOf({
      reason: 'because',
      ticket: 'T-1',
      traceparent: '00-ab-cd-01',
      approvals: ['a'],
      actor: { pseudonym: 'p', kind: 'person', roles: [], authMethod: 'jwt', onBehalfOf: 'q' },
    })
    expect(decode(stored(newEvent(event, metadata))).metadata).toEqual(metadata)
  })

  test.each([undefined, null, {}, 'text'])('that is %j cannot be read', (metadata) => {
    expect(() => decode(stored(newEvent(event), { metadata }))).toThrow(UnreadableEvent)
  })

  test.each(['tenant', 'actor', 'commandId', 'bodyHash', 'occurredAt', 'salt', 'correlationId'])(
    'without %s cannot be read',
    (field) => {
      const raw = stored(newEvent(event))
      const { [field]: _, ...metadata } = raw.metadata as JsonObject
      expect(() => decode({ ...raw, metadata })).toThrow(/RunPaused at 3@run-acme.r1 does not fit its schema/)
    },
  )
})
