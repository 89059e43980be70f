import { END, START } from '@eventstore/db-client'
import { expect, test } from 'vitest'
import { collect, events, newStream, pause, until, useNode } from './support.ts'

const node = useNode()

type Subscription = ReturnType<typeof node.client.subscribeToAll> | ReturnType<typeof node.client.subscribeToStream>

/** What came, in order: `confirmed`, `caught up`, and the revisions or positions of events. */
const watch = (subscription: Subscription, only?: string) => {
  const seen: (string | number)[] = []
  subscription.on('confirmation', () => seen.push('confirmed'))
  subscription.on('caughtUp', () => seen.push('caught up'))
  subscription.on('data', ({ event }) => {
    if (only === undefined || event?.streamId === only) seen.push(Number(event?.revision))
  })
  return { seen, end: () => subscription.unsubscribe(), caughtUp: () => until(() => seen.includes('caught up')) }
}

const ofStream = (stream: string, fromRevision: bigint | typeof START | typeof END = START) =>
  watch(node.client.subscribeToStream(stream, { fromRevision }))

test('7 stream: confirmation first, history, caught-up once, then live events', async () => {
  const stream = newStream()
  await node.client.appendToStream(stream, events(3))
  const { seen, end, caughtUp } = ofStream(stream)
  await caughtUp()
  await node.client.appendToStream(stream, events(2))
  await node.client.appendToStream(newStream(), events(2))
  await until(() => seen.length === 7)
  await end()
  expect(seen).toEqual(['confirmed', 0, 1, 2, 'caught up', 3, 4])
})

test('7 stream: a revision is exclusive, end delivers only what comes later', async () => {
  const stream = newStream()
  await node.client.appendToStream(stream, events(4))
  const [middle, late] = [ofStream(stream, 1n), ofStream(stream, END)]
  await Promise.all([middle.caughtUp(), late.caughtUp()])
  expect(middle.seen).toEqual(['confirmed', 2, 3, 'caught up'])
  expect(late.seen).toEqual(['confirmed', 'caught up'])
  await node.client.appendToStream(stream, events(1))
  await until(() => middle.seen.includes(4) && late.seen.includes(4))
  await Promise.all([middle.end(), late.end()])
})

test('7 stream: a start beyond the present delivers only what is above it', async () => {
  const stream = newStream()
  await node.client.appendToStream(stream, events(2))
  const { seen, end, caughtUp } = ofStream(stream, 3n)
  await caughtUp()
  await node.client.appendToStream(stream, events(4))
  await until(() => seen.length === 4)
  await end()
  expect(seen).toEqual(['confirmed', 'caught up', 4, 5])
})

test('7 stream: one that does not exist is confirmed and waits', async () => {
  const stream = newStream()
  const { seen, end, caughtUp } = ofStream(stream)
  await caughtUp()
  await node.client.appendToStream(stream, events(1))
  await until(() => seen.length === 3)
  await end()
  expect(seen).toEqual(['confirmed', 'caught up', 0])
})

test('7 stream: truncation skips events silently', async () => {
  const stream = newStream()
  await node.client.appendToStream(stream, events(5))
  await node.client.setStreamMetadata(stream, { maxCount: 2 })
  const { seen, end, caughtUp } = ofStream(stream)
  await caughtUp()
  await end()
  expect(seen).toEqual(['confirmed', 3, 4, 'caught up'])
})

test('7 $all: confirmation first, history, caught-up once, then live events', async () => {
  const stream = newStream()
  await node.client.appendToStream(stream, events(2))
  const { seen, end, caughtUp } = watch(node.client.subscribeToAll(), stream)
  await caughtUp()
  await node.client.appendToStream(stream, events(2))
  await until(() => seen.includes(3))
  await pause(50)
  await end()
  expect(seen).toEqual(['confirmed', 0, 1, 'caught up', 2, 3])
})

test('7 $all: a position is exclusive, end delivers only what comes later', async () => {
  const stream = newStream()
  const { position } = await node.client.appendToStream(stream, events(1))
  await node.client.appendToStream(stream, events(2))
  if (position === undefined) throw new Error('no position')
  const after = watch(node.client.subscribeToAll({ fromPosition: position }))
  const late = watch(node.client.subscribeToAll({ fromPosition: END }))
  await Promise.all([after.caughtUp(), late.caughtUp()])
  expect(after.seen).toEqual(['confirmed', 1, 2, 'caught up'])
  expect(late.seen).toEqual(['confirmed', 'caught up'])
  await Promise.all([after.end(), late.end()])
})

test('7 $all: a position beyond the present delivers only what is above it', async () => {
  const { position } = await node.client.appendToStream(newStream(), events(1))
  const beyond = (position?.commit ?? 0n) + 2n
  const { seen, end, caughtUp } = watch(
    node.client.subscribeToAll({ fromPosition: { commit: beyond, prepare: beyond } }),
  )
  await caughtUp()
  await node.client.appendToStream(newStream(), events(4))
  await until(() => seen.length === 4)
  await end()
  expect(seen).toEqual(['confirmed', 'caught up', 2, 3])
})

test('7 nothing is lost or doubled at the switch from reading to live, under constant writing', async () => {
  const stream = newStream()
  await node.client.appendToStream(stream, events(500))
  let writing = true
  const writer = async () => {
    while (writing) await node.client.appendToStream(stream, events(3))
  }
  const writers = Promise.all([writer(), writer(), writer()])
  const followers = Array.from({ length: 6 }, (_, n) =>
    n % 2 === 0 ? ofStream(stream) : watch(node.client.subscribeToAll(), stream),
  )
  await pause(1000)
  writing = false
  await writers
  const last = Number((await node.client.appendToStream(stream, events(1))).nextExpectedRevision)
  for (const { seen, end } of followers) {
    await until(() => seen.includes(last) && seen.includes('caught up'))
    await end()
    expect(seen.filter((item) => typeof item === 'number')).toEqual(Array.from({ length: last + 1 }, (_, n) => n))
    expect(seen.filter((item) => item === 'caught up')).toHaveLength(1)
  }
})

test('7 a slow subscriber gets everything once, and does not hold up the others', async () => {
  const stream = newStream()
  const slow = node.client.subscribeToStream(stream, {}, { highWaterMark: 1 })
  const slowlySeen: number[] = []
  const reading = (async () => {
    for await (const { event } of slow) {
      slowlySeen.push(Number(event?.revision))
      if (slowlySeen.length % 100 === 0) await pause(20)
      if (slowlySeen.length === 2000) break
    }
  })()
  const quick = ofStream(stream)
  const data = { text: 'x'.repeat(2000) }
  for (let n = 0; n < 20; n++) {
    await node.client.appendToStream(
      stream,
      events(100).map((event) => ({ ...event, data })),
    )
  }
  await until(() => quick.seen.includes(1999))
  await reading
  await quick.end()
  expect(slowlySeen).toEqual(Array.from({ length: 2000 }, (_, n) => n))
})

test('7 many subscribers come and go, and the node goes on', async () => {
  const stream = newStream()
  for (let round = 0; round < 5; round++) {
    const followers = Array.from({ length: 20 }, () => ofStream(stream))
    await Promise.all(followers.map(({ caughtUp }) => caughtUp()))
    await node.client.appendToStream(stream, events(1))
    await Promise.all(followers.map(({ end }) => end()))
  }
  expect(await collect(node.client.readStream(stream))).toHaveLength(5)
})
