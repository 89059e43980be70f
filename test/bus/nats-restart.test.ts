import { describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/app/ports/bus.ts'
import { Consumed, jobFor } from '../support/jobs.ts'
import { SilentLog } from '../support/log.ts'
import { NatsServer, named, noNatsServer } from '../support/nats-server.ts'
import { sleep, until } from '../support/waiting.ts'

const ackWaitMs = 300
const quietMs = ackWaitMs * 2.5

describe.skipIf(noNatsServer)(named('nats: a server that goes away'), () => {
  test.each([
    ['stops', (server: NatsServer) => server.stop()],
    ['is killed', (server: NatsServer) => server.kill()],
  ])('and %s and comes back has kept what waits and what is in work', async (_, end) => {
    const server = await NatsServer.start()
    const bus = await server.bus({ ackWaitMs })
    let isBack = false
    const consumed = new Consumed(async (delivery) => {
      await until(() => isBack)
      delivery.ack()
    })
    bus.consume('fake', 1, consumed.handler)
    for (const run of ['a', 'b', 'c']) await bus.publish(jobFor(run))
    await until(() => consumed.active === 1)
    await end(server)
    await server.start()
    isBack = true
    await until(() => new Set(consumed.told.map((told) => told.split(' ')[0])).size === 3, 20_000)
    await until(() => consumed.active === 0)
    const told = consumed.told.length
    await sleep(quietMs)
    expect(consumed.told).toHaveLength(told)
  })

  test('hears of a job that was done meanwhile: it is not delivered again', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus({ ackWaitMs: 3_000 })
    const consumed = new Consumed(async (delivery) => {
      await server.stop()
      delivery.ack()
      await server.start()
    })
    bus.consume('fake', 1, consumed.handler)
    await bus.publish(jobFor('a'))
    await until(() => consumed.told.length === 1 && consumed.active === 0)
    await sleep(4_000)
    expect(consumed.told).toEqual(['a.1 x1'])
  })

  test('takes what is published meanwhile when it is back, once', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus()
    const consumed = new Consumed()
    bus.consume('fake', 2, consumed.handler)
    await bus.publish(jobFor('before'))
    await server.stop()
    const taken: string[] = []
    const publishing = ['a', 'b', 'c'].map((run) => bus.publish(jobFor(run)).then(() => taken.push(run)))
    await sleep(300)
    expect(taken).toEqual([])
    await server.start()
    await Promise.all(publishing)
    await until(() => consumed.told.length === 4)
    await sleep(quietMs)
    expect(consumed.told.sort()).toEqual(['a.1 x1', 'b.1 x1', 'before.1 x1', 'c.1 x1'])
  })

  test('does not keep the bus from closing; what was not taken is refused', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus()
    bus.consume('fake', 1, new Consumed().handler)
    await server.stop()
    const refused = expect(bus.publish(jobFor('a'))).rejects.toThrow('the bus is closed')
    await sleep(50)
    const before = performance.now()
    await bus.close()
    await refused
    expect(performance.now() - before).toBeLessThan(3_000)
    await expect(bus.publish(jobFor('b'))).rejects.toThrow('the bus is closed')
  })
})

describe.skipIf(noNatsServer)(named('nats: a storage that was wiped'), () => {
  test('is told of, and what is published from then on is delivered', async () => {
    const server = await NatsServer.start()
    const log = new SilentLog()
    const bus = await server.bus({ ackWaitMs, log })
    const lost: string[] = []
    bus.onLost(({ stream, reason }) => lost.push(`${stream} ${reason}`))
    const consumed = new Consumed()
    bus.consume('fake', 1, consumed.handler)
    for (const run of ['a', 'b', 'c']) await bus.publish(jobFor(run))
    await until(() => consumed.told.length === 3)
    await server.stop()
    server.wipe()
    await server.start()
    await bus.publish(jobFor('d'))
    await until(() => consumed.told.length === 4)
    expect(consumed.told.at(-1)).toBe('d.1 x1')
    await until(() => lost.length > 0)
    expect(lost).toEqual(['EXEC_fake recreated'])
    expect(log.lines).toContain('warn: NATS has lost what it had taken')
  })

  test('lets what was waiting be published again, and leaves it alone when an old job is done', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus({ ackWaitMs: 60_000 })
    const first: Delivery[] = []
    const stop = bus.consume('fake', 1, async (delivery) => void first.push(delivery))
    await bus.publish(jobFor('old'))
    await until(() => first.length === 1)
    const stopped = stop()
    await server.stop()
    server.wipe()
    await server.start()
    // It gets the number in the new stream that the old job had in the old one.
    await bus.publish(jobFor('new'))
    first[0]?.ack()
    await stopped
    await sleep(200)
    const consumed = new Consumed()
    bus.consume('fake', 1, consumed.handler)
    await until(() => consumed.told.length === 1)
    expect(consumed.told).toEqual(['new.1 x1'])
  })

  test('is noticed by its next job when the stream is deleted under a running server', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus({ ackWaitMs })
    const lost: string[] = []
    bus.onLost(({ stream, reason }) => lost.push(`${stream} ${reason}`))
    const consumed = new Consumed()
    bus.consume('fake', 1, consumed.handler)
    await bus.publish(jobFor('a'))
    await until(() => consumed.told.length === 1)
    await (await server.manager()).streams.delete('EXEC_fake')
    await bus.publish(jobFor('b'))
    await until(() => consumed.told.length === 2)
    expect(lost).toEqual(['EXEC_fake recreated'])
  })

  test('is no loss to a durable alone: it is made again', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus({ ackWaitMs })
    const consumed = new Consumed()
    bus.consume('fake', 1, consumed.handler)
    await bus.publish(jobFor('a'))
    await until(() => consumed.told.length === 1)
    await (await server.manager()).consumers.delete('EXEC_fake', 'workers_fake')
    await bus.publish(jobFor('b'))
    // At worst a pull that came in the wrong moment is given up first.
    await until(() => consumed.told.length === 2, 15_000)
    expect(consumed.told).toEqual(['a.1 x1', 'b.1 x1'])
  })
})
