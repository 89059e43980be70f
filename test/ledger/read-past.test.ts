import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EventStoreLedger } from '../../src/ledger/eventstore.ts'
import { newDirectory, type RunningNode, startNode } from '../embedded/support.ts'

const perAppend = 50
let node: RunningNode
let ledger: EventStoreLedger
let client: EventStoreDBClient
/** Of all events of streams that are followed, in order. */
const written: bigint[] = []

const append = async (stream: string, count: number): Promise<void> => {
  const { position } = await client.appendToStream(
    stream,
    Array.from({ length: count }, (_, n) => jsonEvent({ type: 'Counted', data: { n } })),
  )
  const last = position?.commit ?? -1n
  if (!stream.startsWith('runlog-')) for (let n = count - 1; n >= 0; n -= 1) written.push(last - BigInt(n))
}

beforeAll(async () => {
  node = await startNode({ directory: newDirectory() })
  ledger = new EventStoreLedger(node.url)
  client = EventStoreDBClient.connectionString(node.url)
  for (let n = 0; n < 30; n += 1) await append(n % 3 === 2 ? `runlog-acme.${n}` : `run-acme.${n}`, perAppend)
})

afterAll(async () => {
  await Promise.all([ledger.close(), client.dispose()])
  await node.stop()
})

const read = async (after: bigint, until: bigint): Promise<bigint[]> => {
  const positions: bigint[] = []
  for await (const { position } of ledger.past(after, until)) positions.push(position?.commit ?? -1n)
  return positions
}

describe('the past', () => {
  test('is every followed event up to the head, over the borders of pages', async () => {
    expect(await read(-1n, await ledger.head())).toEqual(written)
    expect(written).toHaveLength(1_000)
  })

  test('is what lies between two positions, the second one included', async () => {
    const head = await ledger.head()
    const borders = [-1n, 0n, 1n, 255n, 256n, 257n, 511n, 512n, 513n, head - 1n, head, head + 1n]
    for (const after of borders) {
      for (const until of borders) {
        expect(await read(after, until)).toEqual(written.filter((position) => position > after && position <= until))
      }
    }
  })

  test('ends where it was to end, though the ledger grows faster than it is read', async () => {
    const until = await ledger.head()
    let seen = 0
    for await (const { position } of ledger.past(-1n, until)) {
      expect(position?.commit).toBeLessThanOrEqual(until)
      seen += 1
      if (seen % 20 === 0) await append('run-acme.late', perAppend)
    }
    expect(seen).toBe(written.filter((position) => position <= until).length)
  })

  test('that is left on its way leaves nothing open behind it', async () => {
    const another = new EventStoreLedger(node.url)
    for (let tries = 0; tries < 20; tries += 1) for await (const _ of another.past(-1n, await another.head())) break
    await append('run-acme.after', 1)
    expect((await read((await ledger.head()) - 1n, await ledger.head())).length).toBe(1)
    const closed = another.close().then(() => 'closed')
    expect(await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 300, 'still open'))])).toBe(
      'closed',
    )
  })

  test('of a ledger that is not there is refused', async () => {
    const gone = new EventStoreLedger('esdb://127.0.0.1:9?tls=false')
    await expect(async () => {
      for await (const _ of gone.past(-1n, 10n)) break
    }).rejects.toThrow()
    await gone.close()
  })
})
