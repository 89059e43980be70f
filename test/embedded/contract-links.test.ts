import { binaryEvent } from '@eventstore/db-client'
import { expect, test } from 'vitest'
import { collect, events, newStream, until, useNode } from './support.ts'

const node = useNode()

const link = (data: string) => binaryEvent({ type: '$>', data: Buffer.from(data) })

/** A stream of two events and a stream with links of these texts. */
const linked = async (links: (target: string) => string[]) => {
  const [target, stream] = [`with@at-${newStream()}`, newStream()]
  await node.client.appendToStream(target, events(2))
  await node.client.appendToStream(stream, links(target).map(link))
  return { target, stream, read: () => collect(node.client.readStream(stream, { resolveLinkTos: true })) }
}

test('4.4 a resolved link shows its target and itself; position and order are the link’s', async () => {
  const { target, read } = await linked((name) => [`1@${name}`, `0@${name}`])
  const resolved = await read()
  expect(resolved.map(({ event }) => [event?.streamId, event?.revision])).toEqual([
    [target, 1n],
    [target, 0n],
  ])
  expect(resolved.map((item) => item.link?.revision)).toEqual([0n, 1n])
  for (const { commitPosition, event, link: self } of resolved) {
    expect(commitPosition).toBe(self?.position?.commit)
    expect(event?.position?.commit).toBeLessThan(commitPosition ?? 0n)
  }
})

test('4.4 without resolving, the link is the event', async () => {
  const { stream } = await linked((name) => [`1@${name}`])
  const [item] = await collect(node.client.readStream(stream))
  expect(item?.event?.type).toBe('$>')
  expect(item?.link).toBeUndefined()
})

test('4.4 a missing target leaves the link alone', async () => {
  const { read } = await linked((name) => [`7@${name}`, '0@never-written'])
  for (const item of await read()) {
    expect(item.event).toBeUndefined()
    expect(item.link?.type).toBe('$>')
  }
})

test('4.4 a truncated target leaves the link alone', async () => {
  const { target, read } = await linked((name) => [`0@${name}`, `1@${name}`])
  await node.client.setStreamMetadata(target, { truncateBefore: 1 })
  expect((await read()).map(({ event }) => event?.revision)).toEqual([undefined, 1n])
})

test('4.4 a link that is no link is an event', async () => {
  const { read } = await linked(() => ['abc@stream', 'nonsense'])
  for (const item of await read()) {
    expect(item.event?.type).toBe('$>')
    expect(item.link).toBeUndefined()
  }
})

test('4.4 a link to a link is resolved by one level only', async () => {
  const { stream } = await linked((name) => [`0@${name}`])
  const second = newStream()
  await node.client.appendToStream(second, link(`0@${stream}`))
  const [item] = await collect(node.client.readStream(second, { resolveLinkTos: true }))
  expect(item?.event?.streamId).toBe(stream)
  expect(item?.event?.type).toBe('$>')
})

test('6 filters and subscriptions see the link, never its target', async () => {
  const { stream, target } = await linked((name) => [`0@${name}`, `1@${name}`])
  const seen: (string | undefined)[] = []
  const subscription = node.client.subscribeToAll({
    resolveLinkTos: true,
    filter: { filterOn: 'streamName', prefixes: [stream], checkpointInterval: 10 },
  })
  subscription.on('data', ({ event }) => seen.push(event?.streamId))
  await until(() => seen.length === 2)
  await subscription.unsubscribe()
  expect(seen).toEqual([target, target])
})
