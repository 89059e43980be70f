import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import {
  appendMessage,
  appendOptions,
  batchMessage,
  batchOptions,
  fragment,
  openBatch,
  rawAppend,
  refusalOf,
} from './raw.ts'
import { anEvent, collect, events, failure, newStream, until, useNode } from './support.ts'

const maxAppendSize = 1024 * 1024
const node = useNode({ EVENTSTORE_MAX_APPEND_SIZE: String(maxAppendSize) })

/** Per-call credentials make the client use `Append`; without them it uses `BatchAppend`. */
const ways = [
  ['Append', { credentials: { username: 'admin', password: 'changeit' } }],
  ['BatchAppend', {}],
] as const

test.each(ways)('3.3 %s: a wrong expected version carries what was expected and what is', async (_, options) => {
  const stream = newStream()
  await node.client.appendToStream(stream, events(3), { ...options, expectedRevision: 'no_stream' })
  const attempt = (expectedRevision: bigint | 'no_stream') =>
    failure(node.client.appendToStream(stream, events(1), { ...options, expectedRevision }))
  const wrong = { type: 'wrong-expected-version', streamName: stream, actualVersion: 2n }
  expect(await attempt(1n)).toMatchObject({ ...wrong, expectedVersion: 1n })
  expect(await attempt(5n)).toMatchObject({ ...wrong, expectedVersion: 5n })
  expect(await attempt('no_stream')).toMatchObject({ ...wrong, expectedVersion: 'no_stream' })
  const missing = node.client.appendToStream(newStream(), events(1), { ...options, expectedRevision: 'stream_exists' })
  expect(await failure(missing)).toMatchObject({ expectedVersion: 'stream_exists', actualVersion: 'no_stream' })
})

test('3.3 Append: a wrong expected version is an answer of an OK call', async () => {
  const stream = newStream()
  const options = appendOptions(stream)
  options.getOptions()?.setRevision('7')
  const { error, response } = await rawAppend(node.url, [options, appendMessage()])
  expect(error).toBeNull()
  expect(response?.getWrongExpectedVersion()?.hasCurrentNoStream()).toBe(true)
  expect(response?.getWrongExpectedVersion()?.getExpectedRevision()).toBe('7')
})

test.each(ways)('3.6 %s: an append of exactly the limit is written', async (_, options) => {
  const event = { ...anEvent(), data: 'x'.repeat(maxAppendSize - 2 - 2 * 'Tested'.length) }
  await node.client.appendToStream(newStream(), event, options)
})

test.each(ways)(
  '3.6 %s: an append above the limit is refused with the limit, and nothing of it is written',
  async (_, options) => {
    const stream = newStream()
    const event = { ...anEvent(), data: 'x'.repeat(maxAppendSize - 1 - 2 * 'Tested'.length) }
    expect(await failure(node.client.appendToStream(stream, event, options))).toMatchObject({
      type: 'maximum-append-size-exceeded',
      maxAppendSize,
    })
    expect(await failure(collect(node.client.readStream(stream)))).toMatchObject({ type: 'stream-not-found' })
  },
)

test.each(ways)(
  '3.6 %s: an append of many times the limit gets the same answer, and the node goes on',
  async (_, options) => {
    const large = Array.from({ length: 12 }, () => ({ ...anEvent(), data: 'x'.repeat(900_000) }))
    expect(await failure(node.client.appendToStream(newStream(), large, options))).toMatchObject({ maxAppendSize })
    await node.client.appendToStream(newStream(), events(1), options)
  },
)

test('3.5 Append: the first message must be options', async () => {
  const { error } = await rawAppend(node.url, [appendMessage()])
  expect(error?.code).toBe(status.INVALID_ARGUMENT)
})

test('3.5 Append: a missing expectation is an invalid argument', async () => {
  const options = appendOptions(newStream())
  options.getOptions()?.clearAny()
  expect((await rawAppend(node.url, [options, appendMessage()])).error?.code).toBe(status.INVALID_ARGUMENT)
})

test.each(['type', 'contentType'])('3.5 Append: an event without %s names the missing properties', async (key) => {
  const { error } = await rawAppend(node.url, [appendOptions(newStream()), appendMessage({ [key]: 'absent' })])
  expect(error?.code).toBe(status.INVALID_ARGUMENT)
  expect(error?.metadata.get('exception')).toEqual(['missing-required-metadata-property'])
  expect(error?.metadata.get('required-metadata-properties')).toEqual(['type,content-type'])
})

const nil = '00000000-0000-0000-0000-000000000000'

test.each([{ type: '' }, { id: nil }, { id: 'not-a-uuid' }])('3.7 Append: %o is refused as unknown', async (event) => {
  const { error } = await rawAppend(node.url, [appendOptions(newStream()), appendMessage(event)])
  expect(error?.code).toBe(status.UNKNOWN)
})

test.each([{ type: '' }, { id: nil }, { type: 'absent' }, { contentType: 'absent' }])(
  '3.7 BatchAppend: %o is a bad request, and the stream stays open',
  async (event) => {
    const { call, answers, ended } = openBatch(node.url)
    const ids = ['5f2a2f3c-0000-4000-8000-000000000001', '5f2a2f3c-0000-4000-8000-000000000002']
    call.write(fragment(ids[0] ?? '', batchOptions(newStream()), [batchMessage(event)], true))
    call.write(fragment(ids[1] ?? '', batchOptions(newStream()), [batchMessage()], true))
    await until(() => answers.length === 2)
    expect(refusalOf(answers[0])).toBe('event_store.client.BadRequest')
    expect(answers[1]?.hasSuccess()).toBe(true)
    call.end()
    expect(await ended).toBe(status.OK)
  },
)

test('1 trailers are printable ASCII even when names are not', async () => {
  const stream = `größe-\n-${newStream()}`
  await node.client.appendToStream(stream, events(1))
  expect((await collect(node.client.readStream(stream)))[0]?.event?.streamId).toBe(stream)
  expect(await failure(node.client.deleteStream(stream))).toMatchObject({ type: 'access-denied' })
})

test.skipIf(process.env.EVENTSTORE_URL)('deleting and tombstoning are refused: the ledger is append-only', async () => {
  const stream = newStream()
  await node.client.appendToStream(stream, events(1))
  expect(await failure(node.client.deleteStream(stream))).toMatchObject({ type: 'access-denied' })
  expect(await failure(node.client.tombstoneStream(stream))).toMatchObject({ type: 'access-denied' })
  expect(await collect(node.client.readStream(stream))).toHaveLength(1)
})
