import { describe, expect, test } from 'vitest'
import type { LedgerLeaf } from '../../src/evidence/log/builder.ts'
import { eventsOfLeaves, partsOfLeaves } from '../../src/evidence/log/ledger-events.ts'
import type { LeafPlace } from '../../src/evidence/log/reader.ts'
import { rehearsalLeaves, rehearse } from '../../src/evidence/log/rehearse.ts'
import { eventOf } from './world.ts'

const partEvents = 10
const positionOf = (n: number): bigint => BigInt(n) * 10n

/** A ledger of so many events, of which every `leafEvery`-th is a leaf of the log. */
const ledgerOf = (count: number, leafEvery: number) => {
  const ledger: LedgerLeaf[] = Array.from({ length: count }, (_, n) => ({ ...eventOf(n), position: positionOf(n) }))
  const leaves = ledger.filter((_, n) => n % leafEvery === 0)
  const places = leaves.map(({ id, position }, index): LeafPlace => ({ logId: 1, index, event: id, position }))
  const reads: [position: bigint, count: number][] = []
  /** How many events have been handed out. */
  const handed = { count: 0 }
  async function* from(position: bigint, eventsMax: number) {
    reads.push([position, eventsMax])
    const asked = ledger.filter((event) => event.position >= position).slice(0, eventsMax)
    for (let at = 0; at < asked.length; at += partEvents) {
      const part = asked.slice(at, at + partEvents)
      handed.count += part.length
      yield part
    }
  }
  return {
    places,
    reads,
    handed,
    from,
    idsOf: (events: { event: { id: string } }[]) => events.map(({ event }) => event.id),
  }
}

describe('the events of leaves', () => {
  test.each([
    [1, 5_000],
    [3, 5_000],
    [700, 5_000],
    [1, 1],
    [1, 0],
  ])('are found where every %d-th of %d events is one', async (leafEvery, count) => {
    const { places, from, idsOf } = ledgerOf(count, leafEvery)
    const found = await eventsOfLeaves({ from }, places)
    expect(idsOf(found)).toEqual(places.map(({ event }) => event))
    expect(found.map(({ index }) => index)).toEqual(places.map(({ index }) => index))
  })

  test('are read in ever larger pages where they stand together, in small ones where they do not', async () => {
    const together = ledgerOf(5_000, 1)
    await eventsOfLeaves(together, together.places)
    expect(together.reads.length).toBeLessThan(10)
    const apart = ledgerOf(5_000, 700)
    await eventsOfLeaves(apart, apart.places)
    expect(apart.reads.reduce((sum, [, count]) => sum + count, 0)).toBeLessThan(200)
  })

  test('are handed on as they come, not only when a page is whole', async () => {
    const { places, handed, from } = ledgerOf(5_000, 1)
    const parts = partsOfLeaves({ from }, places)
    expect((await parts.next()).value).toHaveLength(partEvents)
    expect(handed.count).toBe(partEvents)
  })

  test('are missed by name when the ledger does not have one', async () => {
    const { places, from } = ledgerOf(10, 1)
    const missing: LeafPlace = { logId: 1, index: 10, event: 'gone', position: positionOf(10) }
    await expect(eventsOfLeaves({ from }, [...places, missing])).rejects.toThrow('has no event gone of leaf 10')
  })

  test('stop where the ledger breaks off, and whoever takes no more ends the reading', async () => {
    const { places, from } = ledgerOf(5_000, 1)
    let ended = 0
    async function* breaking(position: bigint, count: number) {
      try {
        for await (const part of from(position, count)) {
          if (position > 0n) throw new Error('the ledger is gone')
          yield part
        }
      } finally {
        ended += 1
      }
    }
    const parts = partsOfLeaves({ from: breaking }, places)
    let events = 0
    const taking = async () => {
      for await (const part of parts) events += part.length
    }
    await expect(taking()).rejects.toThrow('the ledger is gone')
    expect([events, ended]).toEqual([64, 2])
    const left = partsOfLeaves({ from: breaking }, places)
    await left.next()
    await left.return(undefined)
    expect(ended).toBe(3)
  })
})

test('a rehearsal reads the newest leaves, and no more', async () => {
  const { places, reads, from } = ledgerOf(5_000, 1)
  const asked: number[][] = []
  const leavesFrom = (logId: number, index: number, count: number) => {
    asked.push([logId, index, count])
    return places.slice(index, index + count)
  }
  await rehearse({ reader: { leavesFrom }, events: { from } }, 1, 5_000)
  expect(asked).toEqual([[1, 5_000 - rehearsalLeaves, rehearsalLeaves]])
  expect(reads[0]?.[0]).toBe(positionOf(5_000 - rehearsalLeaves))
})
