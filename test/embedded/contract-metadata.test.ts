import { BACKWARDS, END } from '@eventstore/db-client'
import { expect, test } from 'vitest'
import { appendMessage, appendOptions, rawAppend } from './raw.ts'
import { collect, events, failure, newStream, pause, revisions, useNode } from './support.ts'

const node = useNode()

const written = async (count: number): Promise<string> => {
  const stream = newStream()
  await node.client.appendToStream(stream, events(count))
  return stream
}

/** Metadata as bytes, for what the client would not write. */
const setRaw = async (stream: string, text: string, contentType = 'application/json'): Promise<void> => {
  const message = appendMessage({ type: '$metadata', contentType, data: Buffer.from(text) })
  expect((await rawAppend(node.url, [appendOptions(`$$${stream}`), message])).error).toBeNull()
}

const read = (stream: string) => revisions(node.client.readStream(stream))
const softDelete = (stream: string) => setRaw(stream, '{"$tb":9223372036854775807,"kept":"yes","big":9007199254740993}')

test('4.1 $maxCount shows the newest, forwards and backwards, and never renumbers', async () => {
  const stream = await written(5)
  await node.client.setStreamMetadata(stream, { maxCount: 2 })
  expect(await read(stream)).toEqual([3, 4])
  expect(await revisions(node.client.readStream(stream, { direction: BACKWARDS, fromRevision: END }))).toEqual([4, 3])
  await node.client.appendToStream(stream, events(1))
  expect(await read(stream)).toEqual([4, 5])
})

test('4.1 $tb hides what is below it, and lowering it shows events again', async () => {
  const stream = await written(5)
  await node.client.setStreamMetadata(stream, { truncateBefore: 4 })
  expect(await read(stream)).toEqual([4])
  await node.client.setStreamMetadata(stream, { truncateBefore: 1 })
  expect(await read(stream)).toEqual([1, 2, 3, 4])
})

test('4.1 $maxAge hides what is older, judged when it is read', async () => {
  const stream = await written(2)
  await node.client.setStreamMetadata(stream, { maxAge: 1 })
  expect(await read(stream)).toEqual([0, 1])
  await pause(1100)
  await node.client.appendToStream(stream, events(1))
  expect(await read(stream)).toEqual([2])
  expect(await revisions(node.client.readStream(stream, { direction: BACKWARDS, fromRevision: END }))).toEqual([2])
})

test('4.1 each write replaces all metadata', async () => {
  const stream = await written(3)
  await node.client.setStreamMetadata(stream, { maxCount: 1 })
  await node.client.setStreamMetadata(stream, { truncateBefore: 1 })
  expect(await read(stream)).toEqual([1, 2])
})

test('4.1 limits of zero and below are ignored', async () => {
  const stream = await written(2)
  await setRaw(stream, '{"$maxCount":0,"$maxAge":-1,"$tb":-5}')
  expect(await read(stream)).toEqual([0, 1])
})

test.each([
  '{"$maxCount":"1"}',
  '{"$maxCount":1,"$tb":1.5}',
  '{"$maxCount":1,"$acl":"admins"}',
  '{"$maxCount":1,"$maxAge":9223372036854775808}',
  '{"$maxCount":1',
  '[1]',
  'null',
  '',
])('4.1 %s counts as no metadata at all', async (text) => {
  const stream = await written(2)
  await setRaw(stream, text)
  expect(await read(stream)).toEqual([0, 1])
})

test('3.7 metadata that is not JSON is stored and makes the stream behave as without', async () => {
  const stream = await written(2)
  await node.client.setStreamMetadata(stream, { maxCount: 1 })
  await setRaw(stream, '{"$maxCount":1}', 'application/octet-stream')
  expect(await read(stream)).toEqual([0, 1])
  expect(await read(`$$${stream}`)).toEqual([1])
})

test('4.1 a metastream shows its newest event alone, with its real revision', async () => {
  const stream = await written(1)
  for (const maxCount of [7, 8, 9]) await node.client.setStreamMetadata(stream, { maxCount })
  expect(await read(`$$${stream}`)).toEqual([2])
  expect((await node.client.getStreamMetadata(stream)).metadata).toMatchObject({ maxCount: 9 })
})

test('4.1 limits do not apply to $all', async () => {
  const stream = await written(3)
  await node.client.setStreamMetadata(stream, { maxCount: 1 })
  const all = await collect(node.client.readAll())
  expect(all.filter(({ event }) => event?.streamId === stream)).toHaveLength(3)
})

test('4.2 a soft-deleted stream is not found, and stream_exists finds it deleted', async () => {
  const stream = await written(2)
  await softDelete(stream)
  expect(await failure(read(stream))).toMatchObject({ type: 'stream-not-found' })
  const write = node.client.appendToStream(stream, events(1), { expectedRevision: 'stream_exists' })
  expect(await failure(write)).toMatchObject({ type: 'stream-deleted', streamName: stream })
})

test.each(['any', 'no_stream', 1n] as const)(
  '4.2 a write by %s revives it at the next revision',
  async (expectedRevision) => {
    const stream = await written(2)
    await softDelete(stream)
    const { nextExpectedRevision } = await node.client.appendToStream(stream, events(2), { expectedRevision })
    expect(nextExpectedRevision).toBe(3n)
    expect(await read(stream)).toEqual([2, 3])
    const [metadata] = await collect(node.client.readStream(`$$${stream}`))
    expect(metadata?.event?.data).toMatchObject({ $tb: 2, kept: 'yes' })
  },
)

test('4.2 a wrong revision does not revive it, and current is the raw last', async () => {
  const stream = await written(2)
  await softDelete(stream)
  const write = node.client.appendToStream(stream, events(1), { expectedRevision: 0n })
  expect(await failure(write)).toMatchObject({ type: 'wrong-expected-version', actualVersion: 1n })
})

test('4.2 the exact original events under no_stream are a repetition, and it stays deleted', async () => {
  const stream = newStream()
  const batch = events(2)
  await node.client.appendToStream(stream, batch, { expectedRevision: 'no_stream' })
  await softDelete(stream)
  const repeated = await node.client.appendToStream(stream, batch, { expectedRevision: 'no_stream' })
  expect(repeated.nextExpectedRevision).toBe(1n)
  expect(await failure(read(stream))).toMatchObject({ type: 'stream-not-found' })
})

test('4.2 writing metadata to it makes it exist, empty, with that metadata', async () => {
  const stream = await written(2)
  await softDelete(stream)
  await setRaw(stream, '{"note":"back"}')
  expect(await read(stream)).toEqual([])
  const [metadata] = await collect(node.client.readStream(`$$${stream}`))
  expect(metadata?.event).toMatchObject({ revision: 2n, data: { note: 'back', $tb: 2 } })
})
