import { connect } from 'nats'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { WorkerStats } from '../../src/app/ports/worker-directory.ts'
import { BusUnavailable } from '../../src/bus/error.ts'
import { findWorkers } from '../../src/bus/nats/services.ts'
import { SilentLog } from '../support/log.ts'
import { NatsServer, named, noNatsServer } from '../support/nats-server.ts'
import { until } from '../support/waiting.ts'

const card = { engine: 'local', instance: 'box.1', concurrency: 2, host: 'a', pid: 7 }
const stats: WorkerStats = { active: 1, paused: 0, finished: 3, failed: 2, startedAt: '2026-01-01T00:00:00.000Z' }
const find = (server: NatsServer) => findWorkers(server.url, new SilentLog())

describe.skipIf(noNatsServer)(named('nats: workers as a service'), () => {
  test('are found by host and process, with what they have done up to now', async () => {
    const server = await NatsServer.start()
    const [one, two] = [await server.bus(), await server.bus()]
    let finished = 0
    await two.directory('1.0.0').announce({ ...card, host: 'b', pid: 1 }, () => stats)
    await one.directory('1.0.0').announce({ ...card, pid: 10 }, () => ({ ...stats, finished }))
    await one.directory('1.0.0').announce(card, () => stats)
    finished = 5
    expect(await find(server)).toEqual([
      { ...card, ...stats },
      { ...card, pid: 10, ...stats, finished: 5 },
      { ...card, host: 'b', pid: 1, ...stats },
    ])
  })

  test('are not found any more once they have withdrawn, or are gone; none is no error', async () => {
    const server = await NatsServer.start()
    expect(await find(server)).toEqual([])
    const [bus, other] = [await server.bus(), await server.bus()]
    const withdraw = await bus.directory('1.0.0').announce(card, () => stats)
    await other.directory('1.0.0').announce({ ...card, pid: 8 }, () => stats)
    expect((await find(server)).map(({ pid }) => pid)).toEqual([7, 8])
    await withdraw()
    await other.close()
    expect(await find(server)).toEqual([])
  })

  test('are found again after the server was away', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus()
    await bus.directory('1.0.0').announce(card, () => stats)
    await server.kill()
    await server.start()
    await until(() => bus.isReachable(500))
    expect((await find(server)).map(({ pid }) => pid)).toEqual([7])
  })

  test('that answer nonsense are shown with what can be read of it', async () => {
    const server = await NatsServer.start()
    const connection = await connect({ servers: server.url })
    onTestFinished(() => connection.close())
    const service = await connection.services.add({
      name: 'ledgerline-worker',
      version: '1.0.0',
      statsHandler: async () => ({ active: 'many', finished: null, startedAt: 9 }),
    })
    service.addEndpoint('work', { subject: 'nonsense', handler: () => undefined })
    expect(await find(server)).toMatchObject([{ host: '', pid: 0, active: 0, finished: 0, engine: '' }])
  })

  test('cannot be looked for where there is no server', async () => {
    await expect(findWorkers('nats://127.0.0.1:1', new SilentLog())).rejects.toThrow(BusUnavailable)
  })
})

describe.skipIf(noNatsServer)(named('nats: a bus'), () => {
  test('is reachable as long as its server answers', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus()
    expect(await bus.isReachable(1_000)).toBe(true)
    await server.kill()
    expect(await bus.isReachable(300)).toBe(false)
    await server.start()
    await until(() => bus.isReachable(200))
  })
})
