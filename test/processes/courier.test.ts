import { describe, expect, onTestFinished, test } from 'vitest'
import { webhookWork } from '../../projections/webhook-work.ts'
import { deliveries, webhooks } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import type { SentMessage } from '../../src/app/ports/webhooks.ts'
import { Courier } from '../../src/processes/courier.ts'
import type { LeaseWatcher, RoleLease } from '../../src/processes/lease-keeper.ts'
import { contextOf } from '../support/contexts.ts'
import { sealedText } from '../support/events.ts'
import { tenant } from '../support/ids.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { SilentLog } from '../support/log.ts'
import { viewed } from '../support/viewed.ts'
import { sleep, until } from '../support/waiting.ts'

/** Is held when the test says so. */
class LeaseByHand implements RoleLease {
  private held = false
  private readonly watchers: LeaseWatcher[] = []
  isHeld = (): boolean => this.held
  watch(watcher: LeaseWatcher): void {
    this.watchers.push(watcher)
  }
  win(position: bigint): void {
    this.held = true
    for (const watcher of this.watchers) watcher.won(position)
  }
  lose(): void {
    this.held = false
    for (const watcher of this.watchers) watcher.lost()
  }
}

const answered = (outcome: SentMessage['outcome']): SentMessage => ({
  outcome,
  status: outcome === 'delivered' ? 200 : 500,
  durationMs: 1,
  error: outcome === 'delivered' ? null : 'answered 500',
  responseText: '',
  retryAfterMs: null,
})

/** One ledger, a webhook, and couriers of several processes that write down whom they send as. */
const openWorld = async () => {
  const ledger = new InMemoryLedger()
  const commands = new CommandHandler(ledger)
  const sent: string[] = []
  /** Which positions the views were to reach. */
  const awaited: bigint[] = []
  /** As long as it is set, a message is on its way. */
  const way = { isBlocked: false, outcome: 'delivered' as SentMessage['outcome'], retryMs: 0, whileReading: () => {} }
  const courierOf = (name: string) => {
    const lease = new LeaseByHand()
    const { views, follower, pump } = viewed(ledger)
    const courier = new Courier({
      commands: new CommandHandler(ledger),
      lease,
      work: webhookWork(views),
      sender: {
        send: async ({ id }) => {
          sent.push(`${name} ${id}`)
          const { outcome } = way
          await until(() => !way.isBlocked)
          return answered(outcome)
        },
        nextAttemptAt: (_, nowMs) => nowMs + way.retryMs,
      },
      openSealed: async (sealed) => {
        way.whileReading()
        return sealed
      },
      log: new SilentLog(),
      head: () => ledger.head(),
      nowMs: Date.now,
      viewsReach: (position, timeoutMs) => {
        awaited.push(position)
        return follower.reach(position, timeoutMs)
      },
    })
    courier.start()
    onTestFinished(() => courier.stop())
    return { lease, courier, pump }
  }
  const settings = {
    url: 'http://receiver.example/',
    events: ['SUCCESS' as const],
    pipelines: null,
    secret: sealedText(),
  }
  await commands.handle(webhooks, 'hook', { type: 'RegisterWebhook', webhookId: 'hook', ...settings }, contextOf())
  const schedule = async (...ids: string[]): Promise<void> => {
    for (const deliveryId of ids) {
      const what = { deliveryId, webhookId: 'hook', runId: null, body: {}, dueAt: new Date().toISOString() }
      await commands.handle(deliveries, deliveryId, { type: 'ScheduleDelivery', ...what }, contextOf())
    }
  }
  const attemptsOf = async (id: string) => (await commands.load(deliveries, tenant, id)).state.attempts
  /** Gives a courier the ledger's events from a position on, as its follower does. */
  const follow = async (courier: Courier, after: bigint) =>
    courier.handle(
      ledger.all.filter(({ position }) => position > after),
      await ledger.head(),
    )
  return { ledger, sent, awaited, way, courierOf, schedule, attemptsOf, follow }
}

describe('a courier without the lease', () => {
  test('sends nothing; with it, all that was scheduled before, although it has passed the events over', async () => {
    const { ledger, sent, awaited, courierOf, schedule, follow } = await openWorld()
    const { lease, courier } = courierOf('a')
    const takenAt = await ledger.head()
    await schedule('one', 'two')
    await follow(courier, takenAt)
    await sleep(30)
    expect(sent).toEqual([])
    // The lease was taken before these events: only that they were passed over says that they matter.
    lease.win(takenAt)
    expect(awaited).toEqual([await ledger.head()])
    await until(() => sent.length === 2)
    expect(sent.sort()).toEqual(['a one', 'a two'])
  })

  test('sends what comes after it won, each once, though events and views both tell of it', async () => {
    const { ledger, sent, courierOf, schedule, follow, attemptsOf } = await openWorld()
    const { lease, courier } = courierOf('a')
    const before = await ledger.head()
    lease.win(before)
    await schedule('one')
    await Promise.all([follow(courier, before), follow(courier, before)])
    lease.win(await ledger.head())
    await until(async () => (await attemptsOf('one')) === 1)
    await sleep(30)
    expect(sent).toEqual(['a one'])
  })
})

describe('a courier that loses the lease', () => {
  test('begins nothing more, and ends what is on its way', async () => {
    const { ledger, sent, way, courierOf, schedule, attemptsOf } = await openWorld()
    const { lease } = courierOf('a')
    way.isBlocked = true
    await schedule('1', '2', '3', '4', '5', '6')
    lease.win(await ledger.head())
    await until(() => sent.length === 4)
    lease.lose()
    way.isBlocked = false
    await until(async () => (await attemptsOf('4')) === 1)
    await sleep(50)
    expect(sent).toEqual(['a 1', 'a 2', 'a 3', 'a 4'])
    expect(await attemptsOf('5')).toBe(0)
  })

  test('leaves the rest to the one that wins, and nothing is sent twice', async () => {
    const { ledger, sent, way, courierOf, schedule } = await openWorld()
    const [a, b] = [courierOf('a'), courierOf('b')]
    way.isBlocked = true
    await schedule('1', '2', '3', '4', '5', '6')
    a.lease.win(await ledger.head())
    await until(() => sent.length === 4)
    const stopping = a.courier.stop()
    way.isBlocked = false
    await stopping
    a.lease.lose()
    b.lease.win(await ledger.head())
    await until(() => sent.length === 6)
    expect(sent).toEqual(['a 1', 'a 2', 'a 3', 'a 4', 'b 5', 'b 6'])
  })

  test('and wins it again while a message is on its way does not send that one twice', async () => {
    const { ledger, sent, way, courierOf, schedule, attemptsOf } = await openWorld()
    const { lease } = courierOf('a')
    way.isBlocked = true
    await schedule('1', '2', '3', '4', '5')
    lease.win(await ledger.head())
    await until(() => sent.length === 4)
    lease.lose()
    lease.win(await ledger.head())
    await sleep(50)
    way.isBlocked = false
    await until(async () => (await attemptsOf('5')) === 1)
    await sleep(30)
    expect(sent).toEqual(['a 1', 'a 2', 'a 3', 'a 4', 'a 5'])
  })

  test('tries nothing again; the next holder does when its time has come, not before', async () => {
    const { ledger, sent, way, courierOf, schedule, attemptsOf } = await openWorld()
    const [a, b] = [courierOf('a'), courierOf('b')]
    way.outcome = 'failed'
    way.retryMs = 200
    await schedule('1')
    a.lease.win(await ledger.head())
    await until(async () => (await attemptsOf('1')) === 1)
    const failedMs = performance.now()
    a.lease.lose()
    way.outcome = 'delivered'
    b.lease.win(await ledger.head())
    await until(() => sent.length === 2)
    expect(performance.now() - failedMs).toBeGreaterThan(150)
    await until(async () => (await attemptsOf('1')) === 2)
    expect(sent).toEqual(['a 1', 'b 1'])
  })

  test('between reading a message and sending it does not send it', async () => {
    const { ledger, sent, way, courierOf, schedule, attemptsOf } = await openWorld()
    const { lease } = courierOf('a')
    await schedule('1')
    let hasRead = false
    way.whileReading = () => {
      hasRead = true
      lease.lose()
    }
    lease.win(await ledger.head())
    await until(() => hasRead)
    await sleep(30)
    expect([sent, await attemptsOf('1')]).toEqual([[], 0])
  })
})
