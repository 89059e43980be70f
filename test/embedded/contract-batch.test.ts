import { randomUUID } from 'node:crypto'
import sharedPb from '@eventstore/db-client/generated/shared_pb.js'
import type streamsPb from '@eventstore/db-client/generated/streams_pb.js'
import { status } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { batchMessage, batchOptions, fragment, openBatch, refusalOf } from './raw.ts'
import { newStream, pause, revisions, until, useNode } from './support.ts'

const node = useNode()

const idOf = (answer: streamsPb.BatchAppendResp) => answer.getCorrelationId()?.getString()

test('3.4 fragments of several appends interleave and are decided when final', async () => {
  const { call, answers, ended } = openBatch(node.url)
  const appends = Array.from({ length: 3 }, () => ({ id: randomUUID(), stream: newStream() }))
  for (const { id, stream } of appends) call.write(fragment(id, batchOptions(stream), [batchMessage()], false))
  for (const { id } of appends) call.write(fragment(id, undefined, [batchMessage()], false))
  await pause(50)
  expect(answers).toEqual([])
  for (const { id } of appends) call.write(fragment(id, undefined, [batchMessage()], true))
  await until(() => answers.length === 3)
  for (const { id, stream } of appends) {
    const answer = answers.find((candidate) => idOf(candidate) === id)
    expect(answer?.getSuccess()?.getCurrentRevision()).toBe('2')
    expect(Buffer.from(answer?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString()).toBe(stream)
    expect(await revisions(node.client.readStream(stream))).toEqual([0, 1, 2])
  }
  call.end()
  expect(await ended).toBe(status.OK)
})

test('3.4 fragments of an unknown append are ignored', async () => {
  const { call, answers, ended } = openBatch(node.url)
  call.write(fragment(randomUUID(), undefined, [batchMessage()], true))
  call.write(fragment(randomUUID(), batchOptions(newStream()), [batchMessage()], true))
  await until(() => answers.length > 0)
  await pause(50)
  expect(answers).toHaveLength(1)
  call.end()
  await ended
})

test('3.4 a correlation id in two halves comes back as it was sent', async () => {
  const { call, answers, ended } = openBatch(node.url)
  const halves = new sharedPb.UUID.Structured().setMostSignificantBits('-42').setLeastSignificantBits('77')
  const request = fragment(randomUUID(), batchOptions(newStream()), [batchMessage()], true)
  call.write(request.setCorrelationId(new sharedPb.UUID().setStructured(halves)))
  await until(() => answers.length === 1)
  expect(answers[0]?.getCorrelationId()?.getStructured()?.toObject()).toEqual(halves.toObject())
  call.end()
  await ended
})

test('3.4 a deadline that has passed is answered at once with a timeout, and nothing is written', async () => {
  const { call, answers, ended } = openBatch(node.url)
  const stream = newStream()
  call.write(fragment(randomUUID(), batchOptions(stream, new Date(Date.now() - 1)), [batchMessage()], true))
  await until(() => answers.length === 1)
  expect(refusalOf(answers[0])).toBe('event_store.client.Timeout')
  expect(answers[0]?.getError()?.getCode()).toBe(status.DEADLINE_EXCEEDED)
  await expect(revisions(node.client.readStream(stream))).rejects.toMatchObject({ type: 'stream-not-found' })
  call.end()
  await ended
})

test('3.4 the client sees a passed deadline as its own error', async () => {
  const write = node.client.appendToStream(newStream(), [], { deadline: -1 })
  await expect(write).rejects.toMatchObject({ type: 'deadline-exceeded' })
})

test('3.4 an append that never becomes final is answered once, at its deadline', async () => {
  const { call, answers, ended } = openBatch(node.url)
  const id = randomUUID()
  call.write(fragment(id, batchOptions(newStream(), new Date(Date.now() + 300)), [batchMessage()], false))
  await pause(100)
  expect(answers).toEqual([])
  await until(() => answers.length === 1)
  expect(refusalOf(answers[0])).toBe('event_store.client.Timeout')
  call.write(fragment(id, undefined, [batchMessage()], true))
  await pause(100)
  expect(answers).toHaveLength(1)
  call.end()
  expect(await ended).toBe(status.OK)
})

test('3.4 after a size error no second answer follows for the rest of the append', async () => {
  const { call, answers, ended } = openBatch(node.url)
  const id = randomUUID()
  const large = () => [batchMessage({ data: Buffer.alloc(700_000) })]
  call.write(fragment(id, batchOptions(newStream()), large(), false))
  call.write(fragment(id, undefined, large(), false))
  call.write(fragment(id, undefined, large(), true))
  await until(() => answers.length > 0)
  await pause(100)
  expect(answers).toHaveLength(1)
  expect(refusalOf(answers[0])).toBe('event_store.client.MaximumAppendSizeExceeded')
  call.end()
  await ended
})

test('3.4 a missing stream or expectation is a bad request', async () => {
  const { call, answers, ended } = openBatch(node.url)
  const noExpectation = batchOptions(newStream())
  noExpectation.clearAny()
  call.write(fragment(randomUUID(), batchOptions(''), [batchMessage()], true))
  call.write(fragment(randomUUID(), noExpectation, [batchMessage()], true))
  await until(() => answers.length === 2)
  expect(answers.map(refusalOf)).toEqual(['event_store.client.BadRequest', 'event_store.client.BadRequest'])
  call.end()
  await ended
})

test('3.4 when the client half-closes, what is pending is answered before the call ends well', async () => {
  const { call, answers, ended } = openBatch(node.url)
  for (let n = 0; n < 50; n++) call.write(fragment(randomUUID(), batchOptions(newStream()), [batchMessage()], true))
  call.end()
  expect(await ended).toBe(status.OK)
  expect(answers.filter((answer) => answer.hasSuccess())).toHaveLength(50)
})

test('3.3 a refused batch append names what it expected, and current is the raw last revision', async () => {
  const { call, answers, ended } = openBatch(node.url)
  const stream = newStream()
  call.write(fragment(randomUUID(), batchOptions(stream), [batchMessage(), batchMessage()], true))
  const options = batchOptions(stream)
  call.write(fragment(randomUUID(), options.setStreamPosition('18446744073709551614'), [batchMessage()], true))
  await until(() => answers.length === 2)
  const error = answers[1]?.getError()
  expect(error?.getCode()).toBe(status.ALREADY_EXISTS)
  expect(error?.getMessage()).toBe('WrongExpectedVersion')
  const details = error
    ?.getDetails()
    ?.unpack(sharedPb.WrongExpectedVersion.deserializeBinary, 'event_store.client.WrongExpectedVersion')
  expect(details?.getCurrentStreamRevision()).toBe('1')
  expect(details?.getExpectedStreamPosition()).toBe('18446744073709551614')
  expect(answers[1]?.getStreamPosition()).toBe('18446744073709551614')
  call.end()
  await ended
})

test('3.4 a deadline may be a duration, as newer clients send it', async () => {
  const { call, answers, ended } = openBatch(node.url)
  const options = batchOptions(newStream())
  options.clearDeadline()
  // The generated code of this client does not know the field: options.deadline (7) = Duration { nanos: 200 ms }.
  const duration = Buffer.from([0x3a, 5, 0x10, ...varint(200_000_000)])
  const extended = Buffer.concat([options.serializeBinary(), duration])
  const request = fragment(randomUUID(), undefined, [batchMessage()], false)
  const bytes = Buffer.concat([request.serializeBinary(), Buffer.from([0x12, ...varint(extended.length)]), extended])
  request.serializeBinary = () => bytes
  call.write(request)
  await pause(50)
  expect(answers).toEqual([])
  await until(() => answers.length === 1)
  expect(refusalOf(answers[0])).toBe('event_store.client.Timeout')
  call.end()
  await ended
})

const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) | 128, ...varint(value >> 7)])
