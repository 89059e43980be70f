import { describe, expect, onTestFinished, test } from 'vitest'
import { keepNatsServer } from '../../src/bus/kept-server.ts'
import { openNatsBus } from '../../src/bus/nats/bus.ts'
import { Consumed, jobFor } from '../support/jobs.ts'
import { SilentLog } from '../support/log.ts'
import { isAlive, named, newStorage, noNatsServer } from '../support/nats-server.ts'
import { sleep, until } from '../support/waiting.ts'

/** A log that also knows which processes were said to be the server, and how long the pauses were. */
const pidLog = () => {
  const { lines } = new SilentLog()
  const [pids, pausesMs]: [number[], number[]] = [[], []]
  const keep =
    (level: string) =>
    (message: string, fields: object = {}): void => {
      lines.push(`${level}: ${message}`)
      if ('pid' in fields) pids.push(Number(fields.pid))
      if ('pauseMs' in fields) pausesMs.push(Number(fields.pauseMs))
    }
  const log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
  return { ...log, lines, pids, pausesMs }
}

const kept = async (restartFirstMs = 20) => {
  const log = pidLog()
  const server = await keepNatsServer({ storageDir: newStorage(), log, restartFirstMs })
  onTestFinished(() => server.stop())
  const bus = await openNatsBus({ url: server.url, log, ackWaitMs: 1_000 })
  onTestFinished(() => bus.close())
  return { log, server, bus }
}

describe.skipIf(noNatsServer)(named('nats: a server that is kept'), () => {
  test('is back at the same place when it dies by itself, and the bus goes on over it', async () => {
    const { log, server, bus } = await kept()
    const consumed = new Consumed()
    const stop = bus.consume('fake', 1, consumed.handler)
    onTestFinished(stop)
    await bus.publish(jobFor('before'))
    await until(() => consumed.told.length === 1)
    process.kill(server.pid(), 'SIGKILL')
    await until(() => log.pids.length === 1, 10_000)
    expect(log.pids).toEqual([server.pid()])
    expect(log.lines).toContain('error: nats-server has ended by itself; it is started again')
    await bus.publish(jobFor('after'))
    await until(() => consumed.told.includes('after.1 x1'), 10_000)
  })

  test('is given longer pauses, one after the other, when it dies again and again', async () => {
    const { log, server } = await kept()
    for (const count of [1, 2, 3]) {
      process.kill(server.pid(), 'SIGKILL')
      await until(() => log.pids.length === count, 10_000)
    }
    expect(log.pausesMs).toEqual([20, 40, 80])
  })

  test('is not started again once it was stopped, be it in a pause', async () => {
    const { log, server } = await kept()
    await server.stop()
    const other = await kept(200)
    process.kill(other.server.pid(), 'SIGKILL')
    await until(() => other.log.pausesMs.length === 1)
    await other.server.stop()
    await sleep(400)
    expect([log.pids, other.log.pids]).toEqual([[], []])
    expect([isAlive(server.pid()), isAlive(other.server.pid())]).toEqual([false, false])
  })
})
