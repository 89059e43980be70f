import { describe, expect, test } from 'vitest'
import { cloudEventOf } from '../../src/app/cloud-events.ts'
import { StreamMoved } from '../../src/app/ports/event-stream.ts'
import { republish } from '../../src/relay/republish.ts'
import { NatsServer, named, noNatsServer } from '../support/nats-server.ts'
import { RelayedLedger, startRelay } from '../support/relaying.ts'
import { storedCount, storedEvents, storedPositions } from '../support/stored-events.ts'
import { sleep, until } from '../support/waiting.ts'

const dayMs = 24 * 3_600_000

const open = async (before: number) => {
  const server = await NatsServer.start()
  const ledger = new RelayedLedger()
  await ledger.grow(before)
  const stream = async () => (await server.bus()).eventStream()
  const manager = await server.manager()
  const stored = async () => (await manager.streams.info('EVENTS')).state.messages
  const complete = () => until(async () => (await storedCount(server)) >= ledger.published().length, 20_000)
  return { server, ledger, stream, manager, stored, complete }
}

const message = (id: string, position = 1n) => ({ subject: 'events.acme.run.RunPaused', id, position, body: '{}' })

describe.skipIf(noNatsServer)(named('EVENTS on nats'), () => {
  test('is made as external systems are told, and holds CloudEvents with their headers', async () => {
    const { server, ledger, stream, manager, complete } = await open(10)
    await startRelay(await stream(), ledger)
    await complete()
    const { config } = await manager.streams.info('EVENTS')
    expect(config).toMatchObject({
      subjects: ['events.>'],
      retention: 'limits',
      storage: 'file',
      discard: 'old',
      max_age: 30 * dayMs * 1e6,
      duplicate_window: 600_000 * 1e6,
      allow_direct: true,
      num_replicas: 1,
    })
    const [event] = ledger.memory.all
    const [first] = await storedEvents(server)
    expect(first).toEqual({
      subject: 'events.acme.run.RunPaused',
      position: event?.position,
      msgId: event?.id,
      contentType: 'application/cloudevents+json',
      body: event && cloudEventOf(event)?.cloudEvent,
    })
  })

  test('takes a message only behind the one that it belongs behind, the first one too', async () => {
    const events = await (await open(0)).stream()
    expect(await events.end()).toEqual({ position: -1n, sequence: 0 })
    await events.append([message('a', 1n), message('b', 2n)], 0)
    const moved = await events.append([message('x')], 0).catch((error: unknown) => error)
    expect(moved).toMatchObject({ stored: 0, isRepetition: false })
    expect(moved).toBeInstanceOf(StreamMoved)
    // Those of somebody who publishes the same are stored already.
    await events.append([message('b', 2n), message('c', 3n)], 1)
    const repeated = events.append([message('d', 4n), message('a', 1n), message('e', 5n)], 3)
    await expect(repeated).rejects.toMatchObject({ stored: 1, isRepetition: true })
    expect(await events.end()).toEqual({ position: 4n, sequence: 4 })
  })

  test('tells where the relay stands, whatever else was published on its subjects', async () => {
    const { server, stream } = await open(0)
    const events = await stream()
    await events.end()
    await events.append([message('a', 7n), { ...message('b', 3n), cursor: 7n }], 0)
    expect(await events.end()).toEqual({ position: 7n, sequence: 2 })
    const other = await server.other()
    for (let count = 0; count < 3; count += 1) await other.publish('events.stranger', 'x')
    expect(await events.end()).toEqual({ position: 7n, sequence: 5 })
  })

  test('is the ledger in its order, also when two relays publish at once from the start', async () => {
    const { server, ledger, stream, complete } = await open(3_000)
    await startRelay(await stream(), ledger)
    await startRelay(await stream(), ledger)
    for (let round = 0; round < 40; round += 1) {
      await ledger.grow(11)
      await sleep(1)
    }
    await complete()
    await sleep(200)
    expect(await storedPositions(server)).toEqual(ledger.published())
  })

  test('goes on where it ends when the relay starts again', async () => {
    const { server, ledger, stream, complete } = await open(600)
    const { stop } = await startRelay(await stream(), ledger)
    await complete()
    await stop()
    await ledger.grow(600)
    await startRelay(await stream(), ledger)
    await complete()
    expect(await storedPositions(server)).toEqual(ledger.published())
    expect(ledger.pasts).toEqual([-1n, ledger.published()[449]])
  })

  test('gets everything from a position on again, also within the time in which repetitions are dropped', async () => {
    const { server, ledger, stream, complete } = await open(200)
    await startRelay(await stream(), ledger)
    await complete()
    const from = ledger.published()[100] ?? 0n
    expect(await republish({ stream: await stream(), past: ledger, mark: 'again' }, from)).toBe(50)
    await ledger.grow(4)
    await until(async () => (await storedCount(server)) === 203)
    const all = ledger.published()
    await sleep(100)
    expect(await storedPositions(server)).toEqual([...all.slice(0, 150), ...all.slice(100, 150), ...all.slice(150)])
    const events = await storedEvents(server)
    expect(events[150]?.body).toEqual(events[100]?.body)
  })
})
