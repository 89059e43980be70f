import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FakeSource, Recorder } from '../support/fake-source.ts'
import { dawdle, fail, following, passMs, positions } from '../support/following.ts'
import { atTime } from '../support/run-events.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

describe('every handler', () => {
  test('sees every event once and in order, those before its start and those after', async () => {
    const source = new FakeSource()
    source.grow(3)
    const [a, b] = [new Recorder('a'), new Recorder('b')]
    await following(source, a, b)
    for (const count of [1, 5, 1]) {
      source.grow(count)
      await passMs(1)
    }
    expect(a.seen).toEqual(positions(10))
    expect(b.seen).toEqual(positions(10))
  })

  test('begins after the position that it has reached', async () => {
    const source = new FakeSource()
    source.grow(5)
    const [old, current] = [new Recorder('old', 20n), new Recorder('current', 50n)]
    await following(source, old, current)
    source.grow(1)
    await passMs(1)
    expect(old.seen).toEqual([30n, 40n, 50n, 60n])
    expect(current.seen).toEqual([60n])
  })

  test('is told a position that never goes back, and that is the last event of its batch or beyond', async () => {
    const source = new FakeSource()
    source.grow(1_200)
    const handler = new Recorder('a')
    await following(source, handler)
    source.grow(700)
    await passMs(1)
    const reached = handler.calls.map((call) => call.reached)
    expect([...reached].sort((a, b) => Number(a - b))).toEqual(reached)
    for (const call of handler.calls) expect(call.reached).toBeGreaterThanOrEqual(call.positions.at(-1) ?? -1n)
    expect(reached.at(-1)).toBe(19_000n)
  })

  test('gets at most 2,000 events of the past at a time, and 500 of those that happen', async () => {
    const source = new FakeSource()
    source.grow(4_500)
    const handler = new Recorder('a')
    await following(source, handler)
    const most = () => Math.max(...handler.calls.map((call) => call.positions.length))
    expect(most()).toBe(2_000)
    handler.calls.length = 0
    // What happens while it is busy waits for it.
    handler.before = [dawdle(10)]
    source.grow(1_700)
    await passMs(20)
    expect(most()).toBe(500)
    expect(handler.seen).toEqual(positions(6_200))
  })

  test('gets to the end of the past though the ledger grows as fast as it is read', async () => {
    const source = new FakeSource()
    source.grow(300)
    const past = source.past.bind(source)
    source.past = async function* (...range) {
      for await (const event of past(...range)) {
        source.grow(1)
        yield event
      }
    }
    const handler = new Recorder('a')
    await following(source, handler)
    expect(handler.calls[0]?.reached).toBe(3_000n)
    await passMs(1)
    expect(handler.seen).toEqual(positions(600))
    expect(source.pasts).toEqual([-1n])
  })

  test('is told that it has reached the head when nothing concerns it', async () => {
    const source = new FakeSource()
    source.grow(3)
    const handler = new Recorder('a', 5n)
    source.past = async function* () {}
    await following(source, handler)
    expect(handler.calls[0]).toEqual({ positions: [], reached: 30n })
  })
})

describe('a handler', () => {
  test('that is slow does not hold the others up', async () => {
    const source = new FakeSource()
    const [slow, quick] = [new Recorder('slow'), new Recorder('quick')]
    slow.before = [dawdle(60_000)]
    await following(source, slow, quick)
    source.grow(1)
    await passMs(1)
    source.grow(4)
    await passMs(1)
    expect([slow.seen, quick.seen]).toEqual([[], positions(5)])
    await passMs(60_000)
    expect(slow.seen).toEqual(positions(5))
  })

  test('that throws gets the same batch again, until it has taken it', async () => {
    const source = new FakeSource()
    const [failing, other] = [new Recorder('failing'), new Recorder('other')]
    failing.before = [fail, fail]
    const { log } = await following(source, failing, other)
    source.grow(3)
    await passMs(1)
    source.grow(2)
    await passMs(1)
    expect([failing.seen, other.seen]).toEqual([[], positions(5)])
    await passMs(2_000)
    expect(failing.calls[1]).toEqual(failing.calls[0])
    expect(failing.calls[2]).toEqual(failing.calls[0])
    expect(failing.seen).toEqual(positions(5))
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(2)
  })

  test('that throws over the past gets that again too', async () => {
    const source = new FakeSource()
    source.grow(1_100)
    const failing = new Recorder('failing')
    failing.before = [() => undefined, fail]
    await following(source, failing)
    await passMs(1_000)
    expect(failing.seen).toEqual(positions(1_100))
  })

  test('that fell far behind catches up alone, and rejoins', async () => {
    const source = new FakeSource()
    const [stuck, quick] = [new Recorder('stuck', 0n), new Recorder('quick', 0n)]
    stuck.before = [dawdle(60_000)]
    await following(source, stuck, quick)
    const readAtStart = source.pasts.length
    source.grow(1)
    await passMs(1)
    source.grow(10_000)
    await passMs(1)
    expect(quick.seen).toHaveLength(10_001)
    await passMs(60_000)
    expect(stuck.seen).toEqual(positions(10_001))
    expect(source.pasts.slice(readAtStart)).toEqual([10n])
    source.grow(1)
    await passMs(1)
    expect(stuck.seen.at(-1)).toBe(100_020n)
    expect(source.pasts).toHaveLength(readAtStart + 1)
  })
})

describe('how far a handler is behind', () => {
  const secondsAfter = (seconds: number) => Date.parse(atTime(seconds))
  const created = (seconds: number) => ({ created: new Date(atTime(seconds)) })

  test('is the age of the first event that it has not handled, and nothing when it has handled all', async () => {
    const source = new FakeSource()
    const [slow, quick] = [new Recorder('slow'), new Recorder('quick')]
    const { follower } = await following(source, slow, quick)
    expect(follower.lagSeconds(secondsAfter(5))).toEqual({ slow: 0, quick: 0 })
    slow.before = [dawdle(100)]
    for (const second of [10, 20]) source.grow(1, created(second))
    await passMs(1)
    expect(follower.lagSeconds(secondsAfter(25))).toEqual({ slow: 15, quick: 0 })
    await passMs(100)
    expect(follower.lagSeconds(secondsAfter(30))).toEqual({ slow: 0, quick: 0 })
  })

  test('is the age of the first event of what it was given of the past, also where it fails at it', async () => {
    const source = new FakeSource()
    for (const second of [1, 2]) source.grow(2_000, created(second))
    source.grow(500, created(3))
    const handler = new Recorder('late')
    handler.before = [fail, dawdle(10), dawdle(10), dawdle(10)]
    const { follower } = await following(source, handler)
    expect(follower.lagSeconds(secondsAfter(60))).toEqual({ late: 59 })
    await passMs(500)
    expect(follower.lagSeconds(secondsAfter(60))).toEqual({ late: 59 })
    await passMs(10)
    expect(follower.lagSeconds(secondsAfter(60))).toEqual({ late: 58 })
    await passMs(20)
    expect(follower.lagSeconds(secondsAfter(60))).toEqual({ late: 0 })
  })

  test('is not counted from before a rest of the ledger, when more happens at once than is kept', async () => {
    const source = new FakeSource()
    const handler = new Recorder('a')
    source.grow(1, created(1))
    const { follower } = await following(source, handler)
    source.grow(1, created(2))
    await passMs(1)
    handler.before = [dawdle(10)]
    source.grow(20_000, created(7_200))
    await passMs(1)
    expect(follower.lagSeconds(secondsAfter(7_201))).toEqual({ a: 1 })
    await passMs(1_000)
    expect(follower.lagSeconds(secondsAfter(7_203))).toEqual({ a: 0 })
  })
})
