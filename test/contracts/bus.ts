import { describe, expect, onTestFinished, test } from 'vitest'
import type { Bus } from '../../src/app/ports/bus.ts'
import { Consumed, jobFor } from '../support/jobs.ts'
import { sleep, until } from '../support/waiting.ts'
import { consumerContract } from './bus-consumers.ts'

interface BusOptions {
  ackWaitMs: number
  deliveriesMax: number
}

const ackWaitMs = 120
/** Long enough for whatever should not happen to have happened. */
const quietMs = ackWaitMs * 2.5

/** What every bus does, whatever it is made of. */
export const busContract = (name: string, make: (options: BusOptions) => Promise<Bus> | Bus): void => {
  const open = async (deliveriesMax = 20): Promise<Bus> => {
    const bus = await make({ ackWaitMs, deliveriesMax })
    onTestFinished(() => bus.close())
    return bus
  }

  describe(`${name}: a job`, () => {
    test('is handed to a consumer of its engine, whether it came before or after', async () => {
      const bus = await open()
      const [fake, other] = [new Consumed(), new Consumed()]
      await bus.publish(jobFor('early'))
      bus.consume('other', 1, other.handler)
      bus.consume('fake', 1, fake.handler)
      await bus.publish(jobFor('late'))
      await bus.publish(jobFor('elsewhere', { engine: 'other' }))
      await until(() => fake.told.length + other.told.length === 3)
      expect([fake.told, other.told]).toEqual([['early.1 x1', 'late.1 x1'], ['elsewhere.1 x1']])
      expect(fake.deliveries[0]?.job).toEqual(jobFor('early'))
    })

    test('that is acknowledged is not delivered again', async () => {
      const bus = await open()
      const consumed = new Consumed()
      bus.consume('fake', 1, consumed.handler)
      await bus.publish(jobFor('a'))
      await sleep(quietMs)
      expect(consumed.told).toEqual(['a.1 x1'])
    })

    test('that is given back is delivered again after the delay, not before', async () => {
      const bus = await open()
      const at: number[] = []
      const consumed = new Consumed((delivery) => {
        at.push(performance.now())
        if (delivery.deliveries < 3) delivery.nak(60)
        else delivery.ack()
      })
      bus.consume('fake', 1, consumed.handler)
      await bus.publish(jobFor('a'))
      await until(() => at.length === 3)
      await sleep(quietMs)
      expect(consumed.told).toEqual(['a.1 x1', 'a.1 x2', 'a.1 x3'])
      expect((at[2] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(115)
    })

    test.each([
      ['is silent', () => undefined],
      ['fails', () => Promise.reject(new Error('it broke'))],
      ['hangs', () => new Promise<void>(() => undefined)],
    ])('is delivered again when its consumer %s', async (_, act) => {
      const bus = await open()
      const consumed = new Consumed((delivery) => (delivery.deliveries === 1 ? act() : delivery.ack()))
      bus.consume('fake', 2, consumed.handler)
      await bus.publish(jobFor('a'))
      await until(() => consumed.told.length === 2)
      await sleep(quietMs)
      expect(consumed.told).toEqual(['a.1 x1', 'a.1 x2'])
    })

    test('is not delivered again as long as its consumer says that it is at it', async () => {
      const bus = await open()
      const consumed = new Consumed(async (delivery) => {
        for (let said = 0; said < 12; said += 1) {
          await sleep(ackWaitMs / 4)
          delivery.working()
        }
        delivery.ack()
      })
      bus.consume('fake', 2, consumed.handler)
      await bus.publish(jobFor('a'))
      await until(() => consumed.told.length === 1 && consumed.active === 0)
      await sleep(quietMs)
      expect(consumed.told).toEqual(['a.1 x1'])
    })

    test('is delivered again when its consumer was at it and then fell silent', async () => {
      const bus = await open()
      const consumed = new Consumed((delivery) => {
        if (delivery.deliveries === 1) delivery.working()
        else delivery.ack()
      })
      bus.consume('fake', 1, consumed.handler)
      await bus.publish(jobFor('a'))
      await until(() => consumed.told.length === 2)
    })

    test('is settled by the first word only', async () => {
      const bus = await open()
      const consumed = new Consumed((delivery) => {
        delivery.ack()
        delivery.nak(0)
        delivery.working()
        delivery.deadLetter('too late')
      })
      bus.consume('fake', 1, consumed.handler)
      await bus.publish(jobFor('a'))
      await sleep(quietMs)
      expect(consumed.told).toEqual(['a.1 x1'])
    })

    test('is not lost by a consumer that acknowledges too late', async () => {
      const bus = await open()
      const consumed = new Consumed(async (delivery) => {
        if (delivery.deliveries === 1) await sleep(ackWaitMs * 1.5)
        delivery.ack()
      })
      bus.consume('fake', 2, consumed.handler)
      await bus.publish(jobFor('a'))
      await sleep(quietMs * 1.5)
      expect(consumed.told).toEqual(['a.1 x1', 'a.1 x2'])
    })
  })

  describe(`${name}: a dead letter`, () => {
    test.each([
      ['given back', (delivery: { nak(delayMs: number): void }) => delivery.nak(0)],
      ['left alone', () => undefined],
    ])('is what was delivered as often as allowed, and was always %s', async (_, act) => {
      const bus = await open(3)
      const consumed = new Consumed(act)
      bus.consume('fake', 1, consumed.handler)
      await bus.publish(jobFor('a'))
      await until(() => consumed.told.length === 3)
      await sleep(quietMs)
      expect(consumed.told).toEqual(['a.1 x1', 'a.1 x2', 'a.1 x3'])
    })

    test('is what its consumer gives up, at once', async () => {
      const bus = await open()
      const consumed = new Consumed((delivery) => delivery.deadLetter('it makes no sense'))
      bus.consume('fake', 1, consumed.handler)
      await bus.publish(jobFor('a'))
      await sleep(quietMs)
      expect(consumed.told).toEqual(['a.1 x1'])
    })
  })

  describe(`${name}: a second job of the same id`, () => {
    test('is passed over while the first one waits, is in work, or is to come again', async () => {
      const bus = await open()
      const consumed = new Consumed(async (delivery) => {
        await bus.publish(jobFor('a'))
        if (delivery.deliveries === 1) delivery.nak(20)
        else delivery.ack()
      })
      await bus.publish(jobFor('a'))
      await bus.publish(jobFor('a'))
      bus.consume('fake', 3, consumed.handler)
      await until(() => consumed.told.length === 1)
      await bus.publish(jobFor('a'))
      await until(() => consumed.told.length === 2)
      await sleep(quietMs)
      expect(consumed.told).toEqual(['a.1 x1', 'a.1 x2'])
    })

    test('is another job once the first one is done: what is due may be sent again', async () => {
      const bus = await open()
      const consumed = new Consumed()
      bus.consume('fake', 1, consumed.handler)
      for (const count of [1, 2]) {
        await bus.publish(jobFor('a'))
        await until(() => consumed.told.length === count && consumed.active === 0)
      }
      expect(consumed.told).toEqual(['a.1 x1', 'a.1 x1'])
    })
  })

  consumerContract(name, open)
}
