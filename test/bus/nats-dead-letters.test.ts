import { describe, expect, test } from 'vitest'
import { Consumed, jobFor } from '../support/jobs.ts'
import { SilentLog } from '../support/log.ts'
import { NatsServer, named, noNatsServer } from '../support/nats-server.ts'
import { until } from '../support/waiting.ts'

const subject = 'dlq.exec.fake.acme'

describe.skipIf(noNatsServer)(named('nats: a dead letter'), () => {
  const deadLetter = async (server: NatsServer, seq = 1) => {
    const manager = await server.manager()
    const found = await manager.streams.getMessage('DLQ', { seq })
    const note = (name: string) => found.header.get(`Ledgerline-${name}`)
    return { subject: found.subject, job: found.json(), reason: note('Reason'), deliveries: note('Deliveries') }
  }
  const counts = async (server: NatsServer) => {
    const { streams } = await server.manager()
    const messages = async (name: string) => (await streams.info(name)).state.messages
    return { waiting: await messages('EXEC_fake'), dead: await messages('DLQ') }
  }

  test('can be read back: the job, why, and after how many deliveries', async () => {
    const server = await NatsServer.start()
    const log = new SilentLog()
    const bus = await server.bus({ log })
    const consumed = new Consumed((delivery) => delivery.deadLetter('it makes\nno sense'))
    const stop = bus.consume('fake', 1, consumed.handler)
    await bus.publish(jobFor('a'))
    await until(() => consumed.told.length === 1)
    await stop()
    expect(await deadLetter(server)).toEqual({
      subject,
      job: jobFor('a'),
      reason: 'it makes no sense',
      deliveries: '1',
    })
    expect(await counts(server)).toEqual({ waiting: 0, dead: 1 })
    expect(log.lines).toContain('error: a job became a dead letter')
  })

  test('is what was given back at its last delivery', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus({ deliveriesMax: 2 })
    const consumed = new Consumed((delivery) => delivery.nak(0))
    const stop = bus.consume('fake', 1, consumed.handler)
    await bus.publish(jobFor('a'))
    await until(() => consumed.told.length === 2)
    await stop()
    const { reason, deliveries } = await deadLetter(server)
    expect([reason, deliveries]).toEqual(['delivered too often', '2'])
  })

  test('is what died with its consumer at its last delivery', async () => {
    const server = await NatsServer.start()
    const dying = await server.bus({ deliveriesMax: 1, ackWaitMs: 200 })
    const consumed = new Consumed(() => undefined)
    dying.consume('fake', 1, consumed.handler)
    await dying.publish(jobFor('a'))
    await until(() => consumed.told.length === 1)
    await dying.close()
    const next = await server.bus({ deliveriesMax: 1, ackWaitMs: 200 })
    next.consume('fake', 1, consumed.handler)
    await until(async () => (await counts(server).catch(() => undefined))?.waiting === 0)
    expect((await deadLetter(server)).reason).toBe('delivered too often')
    expect(consumed.told).toEqual(['a.1 x1'])
  })

  test('is what is no job at all', async () => {
    const server = await NatsServer.start()
    const bus = await server.bus()
    const consumed = new Consumed()
    bus.consume('fake', 1, consumed.handler)
    await bus.publish(jobFor('a'))
    await (await server.other()).publish('exec.fake.acme.nonsense', 'nonsense')
    await until(async () => (await counts(server).catch(() => undefined))?.dead === 1)
    const found = await (await server.manager()).streams.getMessage('DLQ', { seq: 1 })
    expect([found.string(), found.header.get('Ledgerline-Reason')]).toEqual(['nonsense', 'it is not a job'])
    expect(consumed.told).toEqual(['a.1 x1'])
  })
})
