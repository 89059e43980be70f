import { describe, expect, test } from 'vitest'
import type { LedgerLeaf } from '../../src/evidence/log/builder.ts'
import { eventsOfLeaves, pagesOfLeaves } from '../../src/evidence/log/ledger-events.ts'
import type { LeafPlace } from '../../src/evidence/log/reader.ts'
import { rehearsalLeaves, rehearse } from '../../src/evidence/log/rehearse.ts'
import { eventOf } from './world.ts'

const positionOf = (n: number): bigint => BigInt(n) * 10n

/** A ledger of so many events, of which every `leafEvery`-th is a leaf of the log. */
const ledgerOf = (count: number, leafEvery: number) => {
  const ledger: LedgerLeaf[] = Array.from({ length: count }, (_, n) => ({ ...eventOf(n), position: positionOf(n) }))
  const leaves = ledger.filter((_, n) => n % leafEvery === 0)
  const places = leaves.map(({ id, position }, index): LeafPlace => ({ logId: 1, index, event: id, position }))
  const reads: [position: bigint, count: number][] = []
  const from = async (position: bigint, eventsMax: number) => {
    reads.push([position, eventsMax])
    return ledger.filter((event) => event.position >= position).slice(0, eventsMax)
  }
  return { places, reads, from, idsOf: (events: { event: { id: string } }[]) => events.map(({ event }) => event.id) }
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

  test('come while the next are on their way', async () => {
    const { places, reads, from } = ledgerOf(5_000, 1)
    const pages = pagesOfLeaves({ from }, places)
    await pages.next()
    expect(reads).toHaveLength(2)
  })

  test('are missed by name when the ledger does not have one', async () => {
    const { places, from } = ledgerOf(10, 1)
    const missing: LeafPlace = { logId: 1, index: 10, event: 'gone', position: positionOf(10) }
    await expect(eventsOfLeaves({ from }, [...places, missing])).rejects.toThrow('has no event gone of leaf 10')
  })

  test('a page that cannot be read is said once the one before is taken, and to nobody who has left', async () => {
    const { places, reads, from } = ledgerOf(5_000, 1)
    const breaking = async (position: bigint, count: number) => {
      if (reads.length === 1) throw new Error('the ledger is gone')
      return from(position, count)
    }
    const pages = pagesOfLeaves({ from: breaking }, places)
    expect((await pages.next()).value).toHaveLength(64)
    await expect(pages.next()).rejects.toThrow('the ledger is gone')
    reads.length = 0
    const left = pagesOfLeaves({ from: breaking }, places)
    await left.next()
    await left.return(undefined)
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
