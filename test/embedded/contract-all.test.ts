import { BACKWARDS, END, START } from '@eventstore/db-client'
import sharedPb from '@eventstore/db-client/generated/shared_pb.js'
import streamsPb from '@eventstore/db-client/generated/streams_pb.js'
import { expect, test } from 'vitest'
import { rawRead, readOptions } from './raw.ts'
import { collect, events, newStream, revisions, useNode } from './support.ts'

const node = useNode()

const positions = async (source: ReturnType<typeof node.client.readAll>) =>
  (await collect(source)).map(({ event }) => event?.position?.commit ?? -1n)

test('5 a fresh node has a system event, its type and stream beginning with $', async () => {
  const all = await collect(node.client.readAll())
  const system = all.filter(({ event }) => event?.streamId.startsWith('$'))
  expect(system.some(({ event }) => event?.type.startsWith('$'))).toBe(true)
  expect(system.every(({ event }) => event?.type.startsWith('$'))).toBe(true)
})

test('5 order is that of commits, one append is contiguous, positions strictly grow', async () => {
  const streams = Array.from({ length: 8 }, newStream)
  await Promise.all(streams.map((stream) => node.client.appendToStream(stream, events(5))))
  const all = await collect(node.client.readAll())
  const found = all.map(({ event }) => event?.position?.commit ?? 0n)
  expect(found).toEqual([...found].sort((a, b) => Number(a - b)))
  expect(new Set(found).size).toBe(found.length)
  for (const stream of streams) {
    const first = all.findIndex(({ event }) => event?.streamId === stream)
    const run = all.slice(first, first + 5).map(({ event }) => [event?.streamId, event?.revision])
    expect(run).toEqual([0n, 1n, 2n, 3n, 4n].map((revision) => [stream, revision]))
  }
})

test('5 a forward read from a position includes it, a backward one does not', async () => {
  const { position } = await node.client.appendToStream(newStream(), events(3))
  if (position === undefined) throw new Error('no position')
  expect((await positions(node.client.readAll({ fromPosition: position })))[0]).toBe(position.commit)
  const backwards = await positions(node.client.readAll({ fromPosition: position, direction: BACKWARDS }))
  expect(backwards[0]).toBeLessThan(position.commit)
  expect(backwards).toEqual([...backwards].sort((a, b) => Number(b - a)))
})

test('5 backwards from start and forwards from end are empty; backwards from end begins with the newest', async () => {
  const { position } = await node.client.appendToStream(newStream(), events(1))
  expect(await positions(node.client.readAll({ fromPosition: START, direction: BACKWARDS }))).toEqual([])
  expect(await positions(node.client.readAll({ fromPosition: END }))).toEqual([])
  const newest = node.client.readAll({ fromPosition: END, direction: BACKWARDS, maxCount: 1 })
  expect(await positions(newest)).toEqual([position?.commit])
})

test('5 a position past the end gives nothing forwards and everything backwards', async () => {
  const past = { commit: 18_446_744_073_709_551_615n, prepare: 18_446_744_073_709_551_615n }
  expect(await positions(node.client.readAll({ fromPosition: past }))).toEqual([])
  const backwards = await positions(node.client.readAll({ fromPosition: past, direction: BACKWARDS }))
  expect(backwards).toEqual((await positions(node.client.readAll())).reverse())
})

test('5 count bounds a read, over pages too', async () => {
  await node.client.appendToStream(newStream(), events(300))
  expect(await positions(node.client.readAll({ maxCount: 257 }))).toHaveLength(257)
})

test.each([
  '$epoch-information',
  '$persistentsubscription-$all::group-checkpoint',
  '$persistentsubscription-$all::g-parked',
])('5 %s is left out, but can be read as a stream', async (stream) => {
  await node.client.appendToStream(stream, events(1))
  const all = await collect(node.client.readAll())
  expect(all.some(({ event }) => event?.streamId === stream)).toBe(false)
  expect(await revisions(node.client.readStream(stream))).toEqual([0])
})

const filteredBy = (expression: 'stream' | 'type', regex: string, prefixes: string[] = []) => {
  const value = new streamsPb.ReadReq.Options.FilterOptions.Expression().setRegex(regex).setPrefixList(prefixes)
  const filter = new streamsPb.ReadReq.Options.FilterOptions().setCount(new sharedPb.Empty())
  return expression === 'stream' ? filter.setStreamIdentifier(value) : filter.setEventType(value)
}

test('6 the count of a filtered read bounds matches', async () => {
  const stream = newStream()
  for (let n = 0; n < 3; n++) {
    await node.client.appendToStream(stream, events(2))
    await node.client.appendToStream(newStream(), events(40))
  }
  const options = readOptions().setFilter(filteredBy('stream', '', [stream]))
  expect((await rawRead(node.url, options)).responses).toHaveLength(6)
  expect((await rawRead(node.url, options.setCount('3'))).responses).toHaveLength(3)
  const backwards = await rawRead(node.url, options.setReadDirection(1).setAll(fromEnd()))
  expect(backwards.responses.map((response) => response.getEvent()?.getEvent()?.getStreamRevision())).toEqual([
    '5',
    '4',
    '3',
  ])
})

const fromEnd = () => new streamsPb.ReadReq.Options.AllOptions().setEnd(new sharedPb.Empty())

test('6 a filter without a window, or with a broken pattern, ends the call and not the node', async () => {
  const withoutWindow = filteredBy('type', '.*')
  withoutWindow.clearCount()
  for (const filter of [withoutWindow, filteredBy('type', '(')]) {
    expect((await rawRead(node.url, readOptions().setFilter(filter))).error?.code).toBe(3)
  }
  expect((await positions(node.client.readAll({ maxCount: 1 }))).length).toBe(1)
})
