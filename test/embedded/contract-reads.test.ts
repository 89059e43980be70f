import { BACKWARDS, binaryEvent, END, jsonEvent } from '@eventstore/db-client'
import sharedPb from '@eventstore/db-client/generated/shared_pb.js'
import streamsPb from '@eventstore/db-client/generated/streams_pb.js'
import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { appendMessage, appendOptions, rawAppend, rawRead, readOptions, streamFrom } from './raw.ts'
import { anEvent, collect, events, failure, newStream, revisions, useNode } from './support.ts'

const node = useNode()

const written = async (count: number): Promise<string> => {
  const stream = newStream()
  await node.client.appendToStream(stream, events(count))
  return stream
}

const bytesOf = (value: unknown): number[] => (value instanceof Uint8Array ? [...value] : [])

test('1 data and metadata come back byte for byte, with type, id and time', async () => {
  const stream = newStream()
  const data = { text: 'ä "quoted" \u2028', nested: [1, { a: null }] }
  const before = Date.now()
  const json = jsonEvent({ type: 'Jsoned', data, metadata: { by: 'me' } })
  const binary = binaryEvent({ type: 'Binaried', data: Uint8Array.from([0, 255, 1]), metadata: Uint8Array.from([9]) })
  await node.client.appendToStream(stream, [json, binary])
  const [first, second] = (await collect(node.client.readStream(stream))).map(({ event }) => event)
  expect(first).toMatchObject({
    id: json.id,
    type: 'Jsoned',
    isJson: true,
    data,
    metadata: { by: 'me' },
    streamId: stream,
  })
  expect(first?.created.getTime()).toBeGreaterThanOrEqual(before)
  expect(first?.created.getTime()).toBeLessThanOrEqual(Date.now())
  expect(second).toMatchObject({ id: binary.id, type: 'Binaried', isJson: false })
  expect([bytesOf(second?.data), bytesOf(second?.metadata)]).toEqual([[0, 255, 1], [9]])
})

test('1 JSON is not checked, and a content type other than JSON is returned as binary', async () => {
  const stream = newStream()
  const messages = [{ data: Buffer.from('{not json') }, { contentType: 'text/plain', data: Buffer.from('plain') }]
  await rawAppend(node.url, [appendOptions(stream), ...messages.map(appendMessage)])
  const { responses } = await rawRead(node.url, readOptions().setStream(streamFrom(stream)))
  const recorded = responses.map((response) => response.getEvent()?.getEvent())
  expect(recorded.map((event) => Buffer.from(event?.getData_asU8() ?? []).toString())).toEqual(['{not json', 'plain'])
  const types = recorded.map((event) => event?.getMetadataMap().get('content-type'))
  expect(types).toEqual(['application/json', 'application/octet-stream'])
  expect(recorded[0]?.getMetadataMap().get('created')).toMatch(/^\d{17}$/)
})

test('1 ids come as two halves to those who ask for that', async () => {
  const stream = newStream()
  const event = anEvent('Tested', {}, 'f0e1d2c3-b4a5-4697-8899-aabbccddeeff')
  await node.client.appendToStream(stream, event)
  const structured = new streamsPb.ReadReq.Options.UUIDOption().setStructured(new sharedPb.Empty())
  const { responses } = await rawRead(node.url, readOptions().setStream(streamFrom(stream)).setUuidOption(structured))
  const halves = responses[0]?.getEvent()?.getEvent()?.getId()?.getStructured()
  const hex = [halves?.getMostSignificantBits(), halves?.getLeastSignificantBits()]
    .map((half) => BigInt.asUintN(64, BigInt(half ?? 0)).toString(16))
    .join('')
  expect(hex).toBe(event.id.replaceAll('-', ''))
  expect(responses[0]?.getEvent()?.getEvent()?.getStreamRevision()).toBe('0')
})

test('1 a read without a UUID option is an invalid argument', async () => {
  const options = readOptions()
  options.clearUuidOption()
  expect((await rawRead(node.url, options)).error?.code).toBe(status.INVALID_ARGUMENT)
})

test('4 a stream never written is stream-not-found, by one message of an OK call', async () => {
  expect(await failure(collect(node.client.readStream(newStream())))).toMatchObject({ type: 'stream-not-found' })
  const { responses, error } = await rawRead(node.url, readOptions().setStream(streamFrom(newStream())))
  expect(error).toBeUndefined()
  expect(responses.map((response) => response.hasStreamNotFound())).toEqual([true])
})

test('4 a stream with metadata only is still not found', async () => {
  const stream = newStream()
  await node.client.setStreamMetadata(stream, { maxCount: 3 })
  expect(await failure(collect(node.client.readStream(stream)))).toMatchObject({ type: 'stream-not-found' })
})

test('4 a stream without visible events is empty, not missing', async () => {
  const stream = await written(3)
  expect(await revisions(node.client.readStream(stream, { fromRevision: 3n }))).toEqual([])
  await node.client.setStreamMetadata(stream, { truncateBefore: 3 })
  expect(await revisions(node.client.readStream(stream))).toEqual([])
})

test('4 forwards from a revision includes it, and a start below the first visible event jumps to it', async () => {
  const stream = await written(6)
  expect(await revisions(node.client.readStream(stream, { fromRevision: 2n }))).toEqual([2, 3, 4, 5])
  await node.client.setStreamMetadata(stream, { truncateBefore: 4 })
  expect(await revisions(node.client.readStream(stream, { fromRevision: 1n }))).toEqual([4, 5])
})

test('4 backwards from a revision includes it; end and a revision past the last start at the last', async () => {
  const stream = await written(4)
  const backwards = (fromRevision: bigint | typeof END) =>
    revisions(node.client.readStream(stream, { direction: BACKWARDS, fromRevision }))
  expect(await backwards(2n)).toEqual([2, 1, 0])
  expect(await backwards(END)).toEqual([3, 2, 1, 0])
  expect(await backwards(99n)).toEqual([3, 2, 1, 0])
  expect(await backwards(18_446_744_073_709_551_615n)).toEqual([3, 2, 1, 0])
})

test('4 count bounds what is delivered, over pages too', async () => {
  const stream = await written(300)
  expect(await revisions(node.client.readStream(stream, { maxCount: 2 }))).toEqual([0, 1])
  expect(await revisions(node.client.readStream(stream, { maxCount: 250 }))).toHaveLength(250)
  expect(await revisions(node.client.readStream(stream))).toEqual(Array.from({ length: 300 }, (_, n) => n))
  const last = { direction: BACKWARDS, fromRevision: END, maxCount: 1 } as const
  expect(await revisions(node.client.readStream(stream, last))).toEqual([299])
})

test('4 every event of a stream carries its log position, on the envelope too', async () => {
  const stream = await written(2)
  for (const { event, commitPosition } of await collect(node.client.readStream(stream))) {
    expect(event?.position).toEqual({ commit: commitPosition, prepare: commitPosition })
  }
})

test('4 combinations that do not exist are invalid arguments', async () => {
  const subscription = new streamsPb.ReadReq.Options.SubscriptionOptions()
  const filter = new streamsPb.ReadReq.Options.FilterOptions()
    .setEventType(new streamsPb.ReadReq.Options.FilterOptions.Expression().setRegex('.*'))
    .setCount(new sharedPb.Empty())
    .setCheckpointintervalmultiplier(1)
  const backwards = readOptions().setSubscription(subscription).setReadDirection(1)
  const filteredStream = readOptions().setStream(streamFrom(newStream())).setFilter(filter)
  for (const options of [backwards, filteredStream]) {
    expect((await rawRead(node.url, options)).error?.code).toBe(status.INVALID_ARGUMENT)
  }
})

test('4 a large event is read as well as many small ones', async () => {
  const stream = newStream()
  const data = 'x'.repeat(1_000_000)
  for (let n = 0; n < 20; n++) await node.client.appendToStream(stream, { ...anEvent(), data })
  await node.client.appendToStream(stream, events(100))
  const read = await collect(node.client.readStream(stream))
  expect(read).toHaveLength(120)
  expect(read[19]?.event?.data).toBe(data)
})
