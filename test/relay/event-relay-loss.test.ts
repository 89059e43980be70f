import { describe, expect, test } from 'vitest'
import { InMemoryEventStream } from '../support/event-stream.ts'
import { RelayedLedger, startRelay } from '../support/relaying.ts'
import { sleep, until } from '../support/waiting.ts'

const open = async (before: number) => {
  const stream = new InMemoryEventStream()
  const ledger = new RelayedLedger()
  await ledger.grow(before)
  const complete = () => until(() => stream.positions.length >= ledger.published().length)
  return { stream, ledger, complete }
}

describe('a stream', () => {
  test.each([
    ['was wiped', (stream: InMemoryEventStream) => stream.wipe()],
    ['has lost its end', (stream: InMemoryEventStream) => stream.loseEnd(7)],
    ['was cut by somebody, who left its numbers and ids', (stream: InMemoryEventStream) => stream.deleteEnd(7)],
    ['was emptied by somebody, who left its numbers and ids', (stream: InMemoryEventStream) => stream.deleteEnd(1_000)],
  ])('that %s is filled again though nothing happens', async (_, lose) => {
    const { stream, ledger, complete } = await open(40)
    const { log } = await startRelay(stream, ledger)
    await complete()
    lose(stream)
    expect(stream.positions.length).toBeLessThan(30)
    await complete()
    expect(stream.positions).toEqual(ledger.published())
    expect(log.lines).toContain('warn: the event stream has lost its end, and is filled again')
  })

  test('that has lost its end is filled before anything new is published', async () => {
    const { stream, ledger, complete } = await open(40)
    await startRelay(stream, ledger, { lookMs: 60_000 })
    await complete()
    stream.loseEnd(7)
    await ledger.grow(8)
    await complete()
    expect(stream.positions).toEqual(ledger.published())
  })

  test('is looked at when the server has been away, before the time', async () => {
    const { stream, ledger, complete } = await open(40)
    await startRelay(stream, ledger, { lookMs: 60_000 })
    await complete()
    stream.wipe()
    stream.comeUp()
    await complete()
    expect(stream.positions).toEqual(ledger.published())
  })

  test('that is ahead of the ledger for long is of another one: all is published anew', async () => {
    const { stream, ledger } = await open(10)
    const other = new RelayedLedger()
    await other.grow(100)
    const { stop } = await startRelay(stream, other)
    await until(() => stream.messages.length === 75)
    await stop()
    const { log } = await startRelay(stream, ledger, { lookMs: 100 })
    await sleep(50)
    expect(stream.messages).toHaveLength(75)
    await until(() => stream.messages.length === 83)
    expect(stream.positions.slice(75)).toEqual(ledger.published())
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1)
    await ledger.grow(3)
    await until(() => stream.messages.length === 85)
  })
})

describe('several relays on one stream', () => {
  test('store every event once, in order, whoever is first', async () => {
    const { stream, ledger, complete } = await open(30)
    await Promise.all([startRelay(stream, ledger), startRelay(stream, ledger), startRelay(stream, ledger)])
    for (let round = 0; round < 30; round += 1) {
      await ledger.grow(7)
      if (round % 10 === 4) stream.loseEnd(5)
      await sleep(1)
    }
    await complete()
    await sleep(50)
    expect(stream.positions).toEqual(ledger.published())
  })

  test('let the one that leads publish; another takes over where it was', async () => {
    const { stream, ledger, complete } = await open(10)
    let leader = 'a'
    const lookMs = 60_000
    const { relay } = await startRelay(stream, ledger, { isLeader: () => leader === 'a', lookMs })
    await startRelay(stream, ledger, { isLeader: () => leader === 'b', lookMs })
    await ledger.grow(10)
    await complete()
    relay.stop()
    await ledger.grow(10)
    await sleep(50)
    expect(stream.positions.length).toBe(ledger.published().length - 8)
    leader = 'b'
    // Without another event.
    await complete()
    await ledger.grow(5)
    await complete()
    expect(stream.positions).toEqual(ledger.published())
  })

  test('that nobody leads publish nothing, and hold nobody up', async () => {
    const { stream, ledger } = await open(10)
    const { relay } = await startRelay(stream, ledger, { isLeader: () => false })
    await relay.handle(ledger.memory.all)
    expect([stream.messages, stream.ends]).toEqual([[], 0])
  })
})
