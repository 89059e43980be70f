import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LedgerUnavailable } from '../../src/app/ports/ledger.ts'
import type { Category, TenantId } from '../../src/domain/ids.ts'
import { must, parseCommandId, streamName } from '../../src/domain/ids.ts'
import { EventStoreLedger } from '../../src/ledger/eventstore.ts'
import { Follower } from '../../src/ledger/follower.ts'
import { LiveFeed } from '../../src/ledger/live-feed.ts'
import { newDirectory, type RunningNode, startNode } from '../embedded/support.ts'
import { metadataOf, newEvent } from '../support/events.ts'
import { tenantOf } from '../support/ids.ts'
import { SilentLog } from '../support/log.ts'
import { paused, queued } from '../support/run-events.ts'
import { sleep } from '../support/waiting.ts'

const directory = newDirectory()
let node: RunningNode
let ledger: EventStoreLedger

beforeAll(async () => {
  node = await startNode({ directory })
  ledger = new EventStoreLedger(node.url)
})

afterAll(async () => {
  await ledger.close()
  await node.stop()
})

/** Appends so many events to a new stream of a tenant, all at once. */
const append = async (tenant: TenantId, count: number, category: Category = 'run') => {
  const events = Array.from({ length: count }, () => {
    const commandId = must(parseCommandId(randomUUID()), 'command id')
    return newEvent(count > 1 ? paused : queued(), metadataOf({ tenant, commandId }))
  })
  const stream = streamName(category, tenant, randomUUID())
  for (let tries = 50; ; tries -= 1) {
    try {
      await ledger.append(stream, -1n, events)
      break
    } catch (error) {
      if (!(error instanceof LedgerUnavailable) || tries === 0) throw error
      // The same events again: if the first attempt was stored after all, that is that.
      await sleep(100)
    }
  }
  return events.map(({ id }) => id)
}

const feeding = async (eventsMax: number) => {
  const log = new SilentLog()
  const follower = new Follower(ledger, log)
  const feed = new LiveFeed(ledger, log, eventsMax)
  follower.add(feed)
  await follower.start()
  return { feed, log, stop: () => follower.stop() }
}

/** A tenant of one test. */
const newTenant = () => tenantOf(`t-${randomUUID()}`)

/** Ids of the next events, as many as are asked for. */
const take = async (
  feed: LiveFeed,
  tenant: TenantId,
  after: bigint,
  count: number,
  categories: Category[] = ['run'],
) => {
  const ending = new AbortController()
  const late = setTimeout(() => ending.abort(), 15_000)
  const ids: string[] = []
  for await (const { id } of feed.follow({ tenant, categories }, after, ending.signal)) {
    ids.push(id)
    if (ids.length === count) break
  }
  clearTimeout(late)
  return ids
}

describe('a follower of one tenant', () => {
  test('gets its events only: those of the past in pages, then those that come', async () => {
    const [own, other] = [newTenant(), newTenant()]
    const expected: string[] = []
    const after = await ledger.head()
    for (let round = 0; round < 6; round += 1) {
      expected.push(...(await append(own, 100)))
      await append(other, 100)
      await append(own, 20, 'access')
    }
    const { feed, stop } = await feeding(16)
    const taking = take(feed, own, after, 700)
    for (let round = 0; round < 20; round += 1) {
      expected.push(...(await append(own, 5)))
      await append(other, 5)
    }
    expect(await taking).toEqual(expected)
    await stop()
  })

  test('is not held up by a long past in which nothing is its own', async () => {
    const [own, other] = [newTenant(), newTenant()]
    const after = await ledger.head()
    for (let round = 0; round < 15; round += 1) await append(other, 200)
    const past = await append(own, 1)
    for (let round = 0; round < 15; round += 1) await append(other, 200)
    const { feed, stop } = await feeding(8)
    const taking = take(feed, own, after, 3)
    await sleep(50)
    const [first] = await append(own, 1)
    await append(other, 200)
    const [second] = await append(own, 1)
    expect(await taking).toEqual([...past, first, second])
    await stop()
  })

  test('is not mistaken for one whose name begins alike, or holds what a pattern would read otherwise', async () => {
    const own = tenantOf('a')
    const after = await ledger.head()
    for (const near of ['a-b', 'a_', 'aa', 'A', 'run-a']) await append(tenantOf(near), 2)
    const expected = await append(own, 1)
    for (const eventsMax of [1, 4_096]) {
      const { feed, stop } = await feeding(eventsMax)
      const last = await append(own, 1)
      expected.push(...last)
      expect(await take(feed, own, after, expected.length)).toEqual(expected)
      await stop()
    }
  })

  test('ends when it is told to, be it waiting or reading', async () => {
    const { feed, stop } = await feeding(1)
    for (const after of [await ledger.head(), -1n]) {
      const ending = new AbortController()
      const ended = feed.follow({ tenant: newTenant(), categories: ['run'] }, after, ending.signal).next()
      setTimeout(() => ending.abort(), 20)
      expect(await ended).toEqual({ done: true, value: undefined })
    }
    await stop()
  })

  test('of many that all begin in the past, every one gets everything', async () => {
    const own = newTenant()
    const after = await ledger.head()
    const expected = await append(own, 300)
    const { feed, stop } = await feeding(1)
    await append(newTenant(), 5)
    const taken = await Promise.all(Array.from({ length: 60 }, () => take(feed, own, after, 300)))
    for (const ids of taken) expect(ids).toEqual(expected)
    await stop()
  })
})

test('a ledger that goes away and comes back is followed on, without a gap and without a repetition', async () => {
  const own = newTenant()
  const after = await ledger.head()
  const expected = await append(own, 150)
  for (const eventsMax of [1, 4_096]) {
    const { feed, stop } = await feeding(eventsMax)
    const taking = take(feed, own, after, expected.length + 60)
    expected.push(...(await append(own, 30)))
    await node.kill()
    node = await startNode({ directory, port: node.port })
    expected.push(...(await append(own, 30)))
    expect(await taking).toEqual(expected)
    await stop()
  }
}, 60_000)
