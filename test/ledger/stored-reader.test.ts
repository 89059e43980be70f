import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { LedgerUnavailable } from '../../src/app/ports/ledger.ts'
import { StoredReader } from '../../src/ledger/stored-reader.ts'
import { newDirectory, type RunningNode, startNode } from '../embedded/support.ts'

const count = 200
let node: RunningNode
let reader: StoredReader
let position = -1n

beforeAll(async () => {
  node = await startNode({ directory: newDirectory() })
  reader = new StoredReader(node.url)
  const client = EventStoreDBClient.connectionString(node.url)
  const events = Array.from({ length: count }, (_, n) => jsonEvent({ type: 'Counted', data: { n } }))
  const appended = await client.appendToStream('run-acme.1', events)
  position = (appended.position?.commit ?? -1n) - BigInt(count - 1)
  await client.dispose()
})

afterAll(async () => {
  await reader.close()
  await node.stop()
})

const read = async (from: bigint, eventsMax: number) => {
  const parts: unknown[][] = []
  for await (const part of reader.from(from, eventsMax)) parts.push(part.map(({ data }) => (data as { n: number }).n))
  return parts
}

test('events come in parts, in their order, and none more than was asked for', async () => {
  const parts = await read(position, 150)
  expect(parts.flat()).toEqual(Array.from({ length: 150 }, (_, n) => n))
  expect(parts.length).toBeGreaterThan(2)
  expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(100)
  expect((await read(position + 190n, 150)).flat()).toEqual([190, 191, 192, 193, 194, 195, 196, 197, 198, 199])
  expect(await read(position + 1_000n, 10)).toEqual([])
})

test('who leaves a reading can read again, as often as one likes', async () => {
  for (let times = 0; times < 200; times += 1) {
    for await (const [event] of reader.from(position, count)) {
      expect(event?.revision).toBe(0n)
      break
    }
  }
  expect((await read(position, count)).flat()).toHaveLength(count)
})

test('a ledger that is gone is said to be so', async () => {
  const lonely = new StoredReader('esdb://127.0.0.1:1?tls=false')
  await expect(lonely.from(0n, 1).next()).rejects.toThrow(LedgerUnavailable)
  await lonely.close()
})
