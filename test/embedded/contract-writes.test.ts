import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { anEvent, collect, events, failure, newStream, pause, revisions, useNode } from './support.ts'

const node = useNode()

const append = (
  stream: string,
  batch: ReturnType<typeof anEvent>[],
  expectedRevision: bigint | 'any' | 'no_stream' | 'stream_exists',
) => node.client.appendToStream(stream, batch, { expectedRevision })

const wrong = { type: 'wrong-expected-version' }

test('3.2 success tells the revision and position of the last event, which a read shows again', async () => {
  const stream = newStream()
  const written = await append(stream, events(3), 'no_stream')
  expect(written.nextExpectedRevision).toBe(2n)
  expect(written.position?.commit).toBe(written.position?.prepare)
  const last = (await collect(node.client.readStream(stream))).at(-1)
  expect(last?.event?.position).toEqual(written.position)
})

test('3.2 an empty write succeeds, adds nothing and answers the last revision', async () => {
  const stream = newStream()
  await append(stream, events(2), 'any')
  expect((await append(stream, [], 'any')).nextExpectedRevision).toBe(1n)
  expect(await revisions(node.client.readStream(stream))).toEqual([0, 1])
})

test('3.1.2 stream_exists on a stream never written is a wrong expected version', async () => {
  const error = await failure(append(newStream(), events(1), 'stream_exists'))
  expect(error).toMatchObject({ ...wrong, expectedVersion: 'stream_exists', actualVersion: 'no_stream' })
})

test('3.1.2 stream_exists accepts a stream of which only metadata was written', async () => {
  const stream = newStream()
  await node.client.setStreamMetadata(stream, { maxCount: 10 })
  expect((await append(stream, events(1), 'stream_exists')).nextExpectedRevision).toBe(0n)
})

test.each(['any', 'stream_exists'] as const)(
  '3.1.3 %s: the same events again are a success that writes nothing',
  async (expectedRevision) => {
    const stream = newStream()
    const batch = events(2)
    const first = await append(stream, batch, 'any')
    await append(stream, events(1), 'any')
    expect(await append(stream, batch, expectedRevision)).toEqual(first)
    expect(await revisions(node.client.readStream(stream))).toEqual([0, 1, 2])
  },
)

test('3.1.3 any: a first id that is known and a later one that is not are a wrong expected version', async () => {
  const stream = newStream()
  const [known, unknown] = [anEvent(), anEvent()]
  await append(stream, [known], 'any')
  expect(await failure(append(stream, [known, unknown], 'any'))).toMatchObject(wrong)
})

test('3.1.3 any: a first id that is unknown is a normal write, whatever follows', async () => {
  const stream = newStream()
  const [known, unknown] = [anEvent(), anEvent()]
  await append(stream, [known], 'any')
  expect((await append(stream, [unknown, known], 'any')).nextExpectedRevision).toBe(2n)
})

test('3.1.3 an id may be written to another stream, and again under an exact revision', async () => {
  const stream = newStream()
  const event = anEvent()
  await append(stream, [event], 'any')
  expect((await append(newStream(), [event], 'any')).nextExpectedRevision).toBe(0n)
  expect((await append(stream, [event], 0n)).nextExpectedRevision).toBe(1n)
})

test('3.1.4 an exact revision below the last: equal ids are a success, also when more follows', async () => {
  const stream = newStream()
  const batch = events(2)
  await append(stream, events(1), 'no_stream')
  const written = await append(stream, batch, 0n)
  await append(stream, events(3), 2n)
  expect(await append(stream, batch, 0n)).toEqual(written)
  expect(await revisions(node.client.readStream(stream))).toHaveLength(6)
})

test('3.1.4 no_stream below the last: equal ids are a success, other ids are wrong', async () => {
  const stream = newStream()
  const batch = events(2)
  const written = await append(stream, batch, 'no_stream')
  expect(await append(stream, batch, 'no_stream')).toEqual(written)
  const error = await failure(append(stream, events(1), 'no_stream'))
  expect(error).toMatchObject({ ...wrong, expectedVersion: 'no_stream', actualVersion: 1n })
})

test('3.1.4 an exact revision below the last: another first id, or another later one, is wrong', async () => {
  const stream = newStream()
  const [first, second] = [anEvent(), anEvent()]
  await append(stream, [first, second], 'no_stream')
  expect(await failure(append(stream, [anEvent(), second], 'no_stream'))).toMatchObject(wrong)
  expect(await failure(append(stream, [first, anEvent()], 'no_stream'))).toMatchObject(wrong)
  expect(await failure(append(stream, [first, second, anEvent()], 'no_stream'))).toMatchObject(wrong)
})

test('3.1.4 an empty write below the last is a wrong expected version', async () => {
  const stream = newStream()
  await append(stream, events(2), 'no_stream')
  expect(await failure(append(stream, [], 0n))).toMatchObject({ ...wrong, actualVersion: 1n })
})

test('3.1.4 idempotency ignores truncation but gives no position for an event no longer readable', async () => {
  const stream = newStream()
  const batch = events(2)
  await append(stream, batch, 'no_stream')
  await append(stream, events(1), 1n)
  await node.client.setStreamMetadata(stream, { truncateBefore: 2 })
  const repeated = await append(stream, batch, 'no_stream')
  expect(repeated.nextExpectedRevision).toBe(1n)
  expect(repeated.position).toBeUndefined()
})

test('3.1.4 a repetition gives no position for an event that is too old to be readable', async () => {
  const stream = newStream()
  const batch = events(2)
  await append(stream, batch, 'no_stream')
  await append(stream, events(1), 1n)
  await node.client.setStreamMetadata(stream, { maxAge: 1 })
  await pause(1100)
  for (const expectation of ['no_stream', 'any'] as const) {
    const repeated = await append(stream, batch, expectation)
    expect(repeated.nextExpectedRevision).toBe(1n)
    expect(repeated.position).toBeUndefined()
  }
})

test('3.1.5 a revision above the last is wrong, also one beyond 2^53; the last itself is a write', async () => {
  const stream = newStream()
  await append(stream, events(1), 'no_stream')
  expect(await failure(append(stream, events(1), 1n))).toMatchObject({ ...wrong, expectedVersion: 1n })
  const far = 9_007_199_254_740_993n
  expect(await failure(append(stream, events(1), far))).toMatchObject({ ...wrong, expectedVersion: far })
  expect((await append(stream, events(1), 0n)).nextExpectedRevision).toBe(1n)
})

test('3.1.5 no_stream matches a stream of which only metadata was written', async () => {
  const stream = newStream()
  await node.client.setStreamMetadata(stream, { maxCount: 10 })
  expect((await append(stream, events(1), 'no_stream')).nextExpectedRevision).toBe(0n)
})

test('3.1 two equal ids in one write are both stored', async () => {
  const stream = newStream()
  const id = randomUUID()
  await append(stream, [anEvent('Tested', { n: 1 }, id), anEvent('Tested', { n: 2 }, id)], 'no_stream')
  const stored = await collect(node.client.readStream(stream))
  expect(stored.map(({ event }) => event?.id)).toEqual([id, id])
})

test('3.1 a refused write leaves nothing of itself behind', async () => {
  const stream = newStream()
  await append(stream, events(1), 'no_stream')
  await failure(append(stream, events(5), 3n))
  expect(await revisions(node.client.readStream(stream))).toEqual([0])
})

test('3.1 of many writers with the same expectation exactly one wins', async () => {
  const stream = newStream()
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => append(stream, events(1), 'no_stream')))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test('nothing can be appended to $all', async () => {
  expect(await failure(append('$all', events(1), 'any'))).toMatchObject({ type: 'access-denied' })
})
