import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecentEvents } from '../../src/ledger/recent.ts'
import { ledgerEvents } from '../support/events.ts'
import { paused } from '../support/run-events.ts'

const eventsOf = (count: number, from = 0n) =>
  ledgerEvents(
    Array.from({ length: count }, () => paused),
    { from },
  )
const many = eventsOf(200)
const positionsOf = (events: readonly { position: bigint }[] | undefined) => events?.map(({ position }) => position)

describe('the recent events', () => {
  test('after a position are those that follow it, at most as many as asked for', () => {
    const recent = new RecentEvents(0n, 100)
    for (const event of many.slice(0, 50)) recent.push(event)
    expect(positionsOf(recent.after(0n, 3))).toEqual([10n, 20n, 30n])
    expect(positionsOf(recent.after(20n, 2))).toEqual([30n, 40n])
    expect(positionsOf(recent.after(25n, 1))).toEqual([30n])
    expect(positionsOf(recent.after(490n, 9))).toEqual([500n])
    expect(recent.after(500n, 9)).toEqual([])
    expect(recent.after(10_000n, 9)).toEqual([])
  })

  test('never are more than their bound', () => {
    const recent = new RecentEvents(0n, 100)
    for (const event of many) {
      recent.push(event)
      expect(recent.after(recent.floor, 1_000)?.length).toBeLessThanOrEqual(100)
    }
    expect(recent.last).toBe(2_000n)
  })

  test('are those after a floor without a gap; before it they say that they do not know', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 200 }),
        fc.bigInt({ min: -1n, max: 2_100n }),
        fc.integer({ min: 1, max: 60 }),
        (eventsMax, pushed, asked, countMax) => {
          const recent = new RecentEvents(0n, eventsMax)
          for (const event of many.slice(0, pushed)) recent.push(event)
          const found = recent.after(asked, countMax)
          const expected = many.slice(0, pushed).filter(({ position }) => position > asked)
          if (asked < recent.floor) expect(found).toBeUndefined()
          else expect(positionsOf(found)).toEqual(positionsOf(expected.slice(0, countMax)))
        },
      ),
    )
  })

  test('begin at the head of the ledger', () => {
    const recent = new RecentEvents(70n, 10)
    expect([recent.floor, recent.last]).toEqual([70n, 70n])
    expect(recent.after(69n, 5)).toBeUndefined()
    expect(recent.after(70n, 5)).toEqual([])
  })

  test('wake everybody who waits, at each push', async () => {
    const recent = new RecentEvents(0n, 10)
    let woken = 0
    const waiting = [recent.changed(), recent.changed()].map((changed) => changed.then(() => (woken += 1)))
    for (const event of many.slice(0, 1)) recent.push(event)
    await Promise.all(waiting)
    expect(woken).toBe(2)
  })
})
