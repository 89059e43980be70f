import { AckPolicy, type JetStreamManager, type NatsConnection } from 'nats'
import { describe, expect, test } from 'vitest'
import { NatsEventStream } from '../../src/bus/nats/event-stream.ts'
import { Link } from '../../src/bus/nats/link.ts'
import { SilentLog } from '../support/log.ts'
import { documentedAccounts, startWithAccounts } from '../support/nats-accounts.ts'
import { named, noNatsServer } from '../support/nats-server.ts'
import { sleep, until } from '../support/waiting.ts'

const prefixes = ['$JS.API', 'ledger']
const secret = 'secret of t2'

/** A stream with ten events of each of two tenants, in turns, and a durable for each. */
const open = async () => {
  const server = await startWithAccounts(documentedAccounts())
  const link = await Link.open(server.url, new SilentLog())
  const stream = new NatsEventStream(link)
  await stream.end()
  const messages = Array.from({ length: 20 }, (_, index) => {
    const tenant = index % 2 === 0 ? 't1' : 't2'
    const body = JSON.stringify({ text: `secret of ${tenant}` })
    return { subject: `events.${tenant}.run.RunSucceeded`, id: `e${index}`, position: BigInt(index), body }
  })
  await stream.append(messages, 0)
  const ledger = await server.asLedger()
  const manager = await ledger.jetstreamManager()
  await manager.streams.add({ name: 'EXEC_x', subjects: ['exec.>'] })
  for (const tenant of ['t1', 't2']) {
    const config = { durable_name: `${tenant}_app`, filter_subject: `events.${tenant}.>` }
    await manager.consumers.add('EVENTS', { ...config, ack_policy: AckPolicy.Explicit })
  }
  await link.close(100)
  return { ledger, manager, tenant: await server.asTenant() }
}

const stateOf = async ({ streams, consumers }: JetStreamManager) => {
  const [events, exec] = await Promise.all([streams.info('EVENTS'), streams.info('EXEC_x')])
  const durables = await consumers.list('EVENTS').next()
  return [events.state.last_seq, events.state.messages, exec.state.messages, durables.map(({ name }) => name).sort()]
}

/** The text of all answers that come within a while. */
const answers = async (connection: NatsConnection, subject: string, body: object | null): Promise<string> => {
  const inbox = `_INBOX.probe.${Math.random()}`
  let text = ''
  const subscription = connection.subscribe(inbox, {
    callback: (_, message) => {
      text += `${message.subject} ${message.string()}`
    },
  })
  connection.publish(subject, body ? JSON.stringify(body) : '', { reply: inbox })
  await connection.flush()
  await sleep(150)
  subscription.unsubscribe()
  // What MSG.GET answers is in base64.
  const encoded = [...text.matchAll(/"data":"([^"]+)"/g)].map(([, data]) =>
    Buffer.from(data ?? '', 'base64').toString(),
  )
  return text + encoded.join()
}

const reads: [string, string, object | null][] = [
  ['another durable', 'CONSUMER.MSG.NEXT.EVENTS.t2_app', { batch: 10, no_wait: true }],
  ['a message by its number', 'STREAM.MSG.GET.EVENTS', { seq: 2 }],
  ['the last message on a subject', 'STREAM.MSG.GET.EVENTS', { last_by_subj: 'events.t2.>' }],
  ['a message directly', 'DIRECT.GET.EVENTS', { seq: 2 }],
  ['the last message directly', 'DIRECT.GET.EVENTS.events.t2.run.RunSucceeded', null],
]

const pushed = (filter: object) => ({
  stream_name: 'EVENTS',
  config: { deliver_subject: '_INBOX.probe.push', ack_policy: 'none', ...filter },
})
const durable = (filter: object) => ({
  stream_name: 'EVENTS',
  config: { durable_name: 't1_app', name: 't1_app', ack_policy: 'explicit', ...filter },
})

const creations: [string, string, object][] = [
  ['without a filter', 'CONSUMER.CREATE.EVENTS', pushed({})],
  ['on the other tenant', 'CONSUMER.CREATE.EVENTS.x.events.t2.>', pushed({ name: 'x', filter_subject: 'events.t2.>' })],
  ['on all', 'CONSUMER.DURABLE.CREATE.EVENTS.t1_app', durable({})],
  ['of its own name on all', 'CONSUMER.CREATE.EVENTS.t1_app.events.t1.>', durable({ filter_subject: 'events.>' })],
  [
    'with several filters',
    'CONSUMER.CREATE.EVENTS.t1_app',
    durable({ filter_subjects: ['events.t1.>', 'events.t2.>'] }),
  ],
]

describe.skipIf(noNatsServer)(named("a tenant's account on nats, as documented"), () => {
  test('reads its own events through its durable, and acknowledges them', async () => {
    const { tenant, manager } = await open()
    const consumer = await tenant.jetstream({ apiPrefix: 'ledger' }).consumers.get('EVENTS', 't1_app')
    const seen: string[] = []
    for await (const message of await consumer.consume()) {
      seen.push(`${message.subject} ${message.headers?.get('Ledger-Position')} ${message.string()}`)
      if (seen.length % 2 === 0) message.ack()
      else expect(await message.ackAck()).toBe(true)
      if (seen.length === 10) break
    }
    const expected = (index: number) => `events.t1.run.RunSucceeded ${index * 2} {"text":"secret of t1"}`
    expect(seen).toEqual(Array.from({ length: 10 }, (_, index) => expected(index)))
    const owed = async () => (await manager.consumers.info('EVENTS', 't1_app')).num_ack_pending
    await until(async () => (await owed()) === 0)
  })

  test.each(reads)('cannot read another tenant by %s', async (_, subject, body) => {
    const { tenant, ledger } = await open()
    for (const prefix of prefixes) expect(await answers(tenant, `${prefix}.${subject}`, body)).not.toContain(secret)
    // The question is one that the ledger's own account gets an answer to.
    expect(await answers(ledger, `$JS.API.${subject}`, body)).toContain(secret)
  })

  test.each(creations)('cannot make a consumer %s', async (_, subject, body) => {
    const { tenant, manager } = await open()
    const before = await stateOf(manager)
    let heard = ''
    tenant.subscribe('_INBOX.probe.push', {
      callback: (_error, message) => {
        heard += message.string()
      },
    })
    for (const prefix of prefixes)
      expect(await answers(tenant, `${prefix}.${subject}`, body)).not.toContain('"created"')
    expect(heard).toBe('')
    expect(await stateOf(manager)).toEqual(before)
    const { config } = await manager.consumers.info('EVENTS', 't1_app')
    expect(config.filter_subject).toBe('events.t1.>')
  })

  test('hears nothing of what others publish', async () => {
    const { tenant, ledger } = await open()
    const heard: string[] = []
    for (const subject of ['>', 'events.>', 'events.t2.>', '$JS.>']) {
      tenant.subscribe(subject, { callback: (_, message) => void heard.push(message.subject) })
    }
    await tenant.flush()
    await ledger.jetstream().publish('events.t2.run.RunFailed', '{}')
    await ledger.jetstream().publish('events.t1.run.RunFailed', '{}')
    await sleep(200)
    expect(heard).toEqual([])
  })

  test.each([
    'events.t1.run.RunSucceeded',
    'events.t2.run.RunSucceeded',
    'exec.x.t1.job',
    '$JS.API.STREAM.PURGE.EVENTS',
    '$JS.API.STREAM.DELETE.EXEC_x',
    '$JS.API.CONSUMER.DELETE.EVENTS.t2_app',
  ])('cannot publish to %s, neither itself nor by naming it as the place of an answer', async (subject) => {
    const { tenant, manager } = await open()
    const before = await stateOf(manager)
    tenant.publish(subject)
    for (const prefix of prefixes) {
      // The first takes all there is; to the second the server answers with an empty message.
      for (const batch of [100, 1]) {
        const pull = JSON.stringify({ batch, no_wait: true })
        tenant.publish(`${prefix}.CONSUMER.MSG.NEXT.EVENTS.t1_app`, pull, { reply: subject })
      }
    }
    await tenant.flush()
    await sleep(200)
    expect(await stateOf(manager)).toEqual(before)
  })
})
