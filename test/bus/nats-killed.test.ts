import { describe, expect, test } from 'vitest'
import { Consumed, jobFor } from '../support/jobs.ts'
import { NatsServer, named, noNatsServer } from '../support/nats-server.ts'
import { sleep, until } from '../support/waiting.ts'

const kills = 5
const betweenMs = 400

describe.skipIf(noNatsServer)(named('nats: a server that is killed again and again under load'), () => {
  test('loses no job, as long as somebody sends again what is due', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus({ ackWaitMs: 500, watchdogMs: 500 })
    const done = new Map<string, number>()
    const stop = bus.consume('fake', 8, async (delivery) => {
      done.set(delivery.job.id, (done.get(delivery.job.id) ?? 0) + 1)
      delivery.ack()
    })
    const runs: string[] = []
    let isOver = false
    const load = async (lane: number) => {
      for (let n = 0; !isOver; n += 1) {
        runs.push(`r${lane}-${n}`)
        await bus.publish(jobFor(`r${lane}-${n}`))
      }
    }
    const lanes = [0, 1, 2, 3].map(load)
    for (let kill = 0; kill < kills; kill += 1) {
      await sleep(betweenMs)
      await server.kill()
      await server.start()
    }
    await sleep(betweenMs)
    isOver = true
    await Promise.all(lanes)
    const missing = () => runs.filter((run) => !done.has(`${run}.1`))
    await until(async () => {
      for (const run of missing()) await bus.publish(jobFor(run))
      await sleep(200)
      return missing().length === 0
    }, 40_000)
    expect(runs.length).toBeGreaterThan(100)
    // What a killed server brings back is delivered once more, and then it is gone.
    const { streams } = await server.manager()
    await until(async () => (await streams.info('EXEC_fake')).state.messages === 0, 20_000)
    await stop()
  })

  test('does not keep a job that it brought back from being sent again', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus()
    await bus.publish(jobFor('a'))
    // As if its deletion had not reached the disk: it is there, and counted as done.
    const message = await (await (await server.other()).consumers.get('EXEC_fake', 'workers_fake')).next()
    expect(await message?.ackAck()).toBe(true)
    const consumed = new Consumed()
    bus.consume('fake', 1, consumed.handler)
    await bus.publish(jobFor('a'))
    await until(() => consumed.told.length === 1)
    expect(consumed.told).toEqual(['a.1 x1'])
  })
})
