import {
  END,
  eventTypeFilter,
  excludeSystemEvents,
  type Position,
  START,
  streamNameFilter,
} from '@eventstore/db-client'
import { expect, test } from 'vitest'
import { anEvent, events, failure, newStream, pause, until, useNode } from './support.ts'

const node = useNode()

type Seen = { event: string } | { checkpoint: bigint } | 'caught up'

/** Follows `$all` through a filter and writes down everything in the order in which it came. */
const follow = (options: {
  prefix: string
  window?: number
  interval?: number
  from?: Position | typeof START | typeof END
}) => {
  const seen: Seen[] = []
  const filter = streamNameFilter({
    prefixes: [options.prefix],
    maxSearchWindow: options.window ?? 1,
    checkpointInterval: options.interval ?? 1,
    checkpointReached: async (_, { commit }) => {
      seen.push({ checkpoint: commit })
    },
  })
  const subscription = node.client.subscribeToAll({ filter, fromPosition: options.from ?? START })
  subscription.on('data', ({ event }) => seen.push({ event: `${event?.streamId}/${event?.revision}` }))
  subscription.on('caughtUp', () => seen.push('caught up'))
  return { seen, subscription }
}

const checkpointsOf = (seen: Seen[]) =>
  seen.flatMap((item) => (typeof item === 'object' && 'checkpoint' in item ? [item.checkpoint] : []))
const eventsOf = (seen: Seen[]) =>
  seen.flatMap((item) => (typeof item === 'object' && 'event' in item ? [item.event] : []))

const caughtUp = async ({ seen, subscription }: ReturnType<typeof follow>) => {
  await until(() => seen.includes('caught up'))
  // The client emits `caughtUp` before it has awaited earlier checkpoints.
  await pause(20)
  await subscription.unsubscribe()
  return seen
}

test('6 384 matching events at an interval of 64 give 6 or 7 checkpoints', async () => {
  const prefix = newStream()
  const { position } = await node.client.appendToStream(newStream(), events(1))
  await node.client.appendToStream(prefix, events(384))
  const seen = await caughtUp(follow({ prefix, window: 64, ...(position ? { from: position } : {}) }))
  expect(eventsOf(seen)).toHaveLength(384)
  expect([6, 7]).toContain(checkpointsOf(seen).length)
})

test('6 events that do not match count too, and one more checkpoint comes before caught-up', async () => {
  const { position } = await node.client.appendToStream(newStream(), events(1))
  const { position: last } = await node.client.appendToStream(newStream(), events(25))
  const seen = await caughtUp(follow({ prefix: 'never-', window: 10, ...(position ? { from: position } : {}) }))
  const start = position?.commit ?? 0n
  expect(checkpointsOf(seen)).toEqual([start + 10n, start + 20n, last?.commit])
  expect(seen.at(-1)).toBe('caught up')
})

test('6 the multiplier stretches the interval', async () => {
  const { position } = await node.client.appendToStream(newStream(), events(1))
  await node.client.appendToStream(newStream(), events(12))
  const seen = await caughtUp(
    follow({ prefix: 'never-', window: 2, interval: 3, ...(position ? { from: position } : {}) }),
  )
  expect(checkpointsOf(seen)).toHaveLength(2)
})

test('6 live: a checkpoint each time that many events were seen, after the newest was sent', async () => {
  const prefix = newStream()
  const running = follow({ prefix, window: 3, from: END })
  await until(() => running.seen.includes('caught up'))
  for (let n = 0; n < 6; n++) await node.client.appendToStream(n % 2 === 0 ? prefix : newStream(), events(1))
  await until(() => checkpointsOf(running.seen).length === 2)
  await running.subscription.unsubscribe()
  const shape = running.seen.map((item) => (item === 'caught up' ? 'c' : 'event' in item ? 'e' : '|')).join('')
  expect(shape).toBe('cee|e|')
})

test('6 checkpoints strictly grow, and none is below an event sent before it', async () => {
  const prefix = newStream()
  for (let n = 0; n < 20; n++) await node.client.appendToStream(n % 3 === 0 ? prefix : newStream(), events(7))
  const checkpoints = checkpointsOf(await caughtUp(follow({ prefix, window: 5 })))
  expect(checkpoints).toEqual([...new Set(checkpoints)].sort((a, b) => Number(a - b)))
})

test('6 resuming from any checkpoint neither loses nor repeats a match', async () => {
  const prefix = newStream()
  for (let n = 0; n < 12; n++) await node.client.appendToStream(n % 3 === 0 ? prefix : newStream(), events(4))
  const whole = await caughtUp(follow({ prefix, window: 5 }))
  for (const [index, item] of whole.entries()) {
    if (typeof item !== 'object' || !('checkpoint' in item)) continue
    const from = { commit: item.checkpoint, prepare: item.checkpoint }
    const rest = await caughtUp(follow({ prefix, window: 5, from }))
    expect([...eventsOf(whole.slice(0, index)), ...eventsOf(rest)]).toEqual(eventsOf(whole))
  }
})

test('6 filters search with a regular expression, and by event type', async () => {
  const type = `Typed${newStream()}`
  await node.client.appendToStream(newStream(), [anEvent(`x${type}y`), anEvent('Other'), anEvent(type)])
  const seen: (string | undefined)[] = []
  const subscription = node.client.subscribeToAll({ filter: eventTypeFilter({ regex: type }) })
  subscription.on('data', ({ event }) => seen.push(event?.type))
  await until(() => seen.length === 2)
  await subscription.unsubscribe()
  expect(seen).toEqual([`x${type}y`, type])
})

test('6 the client’s filter for system events leaves no system event through', async () => {
  const types: (string | undefined)[] = []
  await node.client.appendToStream(newStream(), events(1))
  await node.client.setStreamMetadata(newStream(), { maxCount: 1 })
  const subscription = node.client.subscribeToAll({ filter: excludeSystemEvents() })
  subscription.on('data', ({ event }) => types.push(event?.type))
  let done = false
  subscription.on('caughtUp', () => {
    done = true
  })
  await until(() => done)
  await subscription.unsubscribe()
  expect(types.length).toBeGreaterThan(0)
  expect(types.filter((type) => type?.startsWith('$'))).toEqual([])
})

test('6 a pattern that does not compile fails the subscription', async () => {
  const subscription = node.client.subscribeToAll({ filter: eventTypeFilter({ regex: '(' }) })
  const failed = new Promise<never>((_, reject) => subscription.on('error', reject))
  expect(await failure(failed)).toMatchObject({ type: 'unknown', code: 3 })
})
