import { describe, expect, test } from 'vitest'
import { eventMessage } from '../../src/relay/event-message.ts'
import { InMemoryEventStream } from '../support/event-stream.ts'
import { examples, ledgerEvents } from '../support/events.ts'
import { RelayedLedger, startRelay } from '../support/relaying.ts'
import { sleep, until } from '../support/waiting.ts'

const dayMs = 24 * 3_600_000

const open = async (before = 0) => {
  const stream = new InMemoryEventStream()
  const ledger = new RelayedLedger()
  await ledger.grow(before)
  const complete = () => until(() => stream.positions.length >= ledger.published().length)
  return { stream, ledger, complete }
}

describe('the relay of events', () => {
  test('publishes what external systems are told, in order, and nothing of what stays inside', async () => {
    const { stream, ledger, complete } = await open()
    await startRelay(stream, ledger)
    await ledger.grow(50)
    await complete()
    expect(stream.positions).toEqual(ledger.published())
    expect(stream.positions).toHaveLength(38)
    const [first] = stream.messages
    expect(first?.message.subject).toBe('events.acme.run.RunPaused')
    expect(first?.message.id).toBe(ledger.memory.all[0]?.id)
    expect(JSON.parse(first?.message.body ?? '')).toMatchObject({ type: 'ledgerline.run.RunPaused', subject: 'r0' })
  })

  test('finds in the stream how far it has come, and fills in what is lacking', async () => {
    const { stream, ledger, complete } = await open(700)
    const { stop } = await startRelay(stream, ledger)
    await complete()
    await stop()
    await ledger.grow(900)
    await startRelay(stream, ledger)
    await complete()
    await ledger.grow(10)
    await complete()
    expect(stream.positions).toEqual(ledger.published())
    expect(ledger.pasts).toEqual([-1n, ledger.published()[524]])
  })

  test('gives an empty stream the events of the last 30 days, and does not read the rest again and again', async () => {
    let nowMs = 0
    const ledger = new RelayedLedger(() => nowMs)
    await ledger.grow(5)
    nowMs = 30 * dayMs
    await ledger.grow(5)
    nowMs += 1
    const stream = new InMemoryEventStream()
    await startRelay(stream, ledger, { nowMs: () => nowMs })
    await until(() => stream.messages.length === 4)
    await sleep(100)
    expect(stream.positions).toEqual(ledger.published().slice(-4))
    expect(ledger.pasts).toEqual([-1n])
  })

  test('takes a stream whose messages are all too old for what it is: empty, and up to date', async () => {
    let nowMs = 0
    const ledger = new RelayedLedger(() => nowMs)
    await ledger.grow(5)
    nowMs = 31 * dayMs
    const stream = new InMemoryEventStream()
    await startRelay(stream, ledger, { nowMs: () => nowMs })
    await until(() => stream.ends > 5)
    expect(stream.messages).toEqual([])
    expect(ledger.pasts).toEqual([-1n])
    await ledger.grow(2)
    await until(() => stream.messages.length === 2)
    expect(ledger.pasts).toEqual([-1n])
  })

  test.each([
    ['an answer that never comes', 'after'],
    ['a message that never arrives', 'before'],
    ['a pipeline that breaks in the middle', 3],
  ] as const)('survives %s: nothing is missing and nothing twice', async (_, fault) => {
    const { stream, ledger, complete } = await open(20)
    stream.faults = [fault, fault, fault]
    await startRelay(stream, ledger)
    await ledger.grow(30)
    await complete()
    await sleep(20)
    expect(stream.positions).toEqual(ledger.published())
    expect(stream.faults).toEqual([])
  })

  test('goes on when the reading of the past breaks off', async () => {
    const { stream, ledger, complete } = await open(1_400)
    ledger.pastBreaks = [10, 600, 1]
    await startRelay(stream, ledger)
    await complete()
    expect(stream.positions).toEqual(ledger.published())
    expect(ledger.pastBreaks).toEqual([])
  })

  test('waits for a stream that is away, and says so once', async () => {
    const { stream, ledger, complete } = await open(5)
    stream.isDown = true
    const { log } = await startRelay(stream, ledger)
    await ledger.grow(5)
    await sleep(100)
    expect(log.lines).toEqual(['warn: events cannot be published; trying again'])
    stream.isDown = false
    await complete()
    expect(stream.positions).toEqual(ledger.published())
  })

  test('ends at once when it is stopped, though the stream is away', async () => {
    const { stream, ledger } = await open()
    stream.isDown = true
    const { stop } = await startRelay(stream, ledger)
    await ledger.grow(1)
    await sleep(50)
    const before = performance.now()
    await stop()
    expect(performance.now() - before).toBeLessThan(100)
  })

  test('sends an event that is larger than the bus takes without its data', () => {
    const [event] = ledgerEvents([...examples.PipelineCreated], { stream: 'pipeline-acme.p1' })
    if (!event) throw new Error('no example')
    const whole = eventMessage(event, 1_000_000)
    const size = Buffer.byteLength(whole?.body ?? '')
    expect(eventMessage(event, size)).toEqual(whole)
    const { data: _, ...rest } = JSON.parse(whole?.body ?? '{}')
    expect(JSON.parse(eventMessage(event, size - 1)?.body ?? '{}')).toEqual(rest)
  })
})
