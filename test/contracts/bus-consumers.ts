import { describe, expect, test } from 'vitest'
import type { Bus, Control } from '../../src/app/ports/bus.ts'
import { runOf, tenant } from '../support/ids.ts'
import { Consumed, jobFor } from '../support/jobs.ts'
import { sleep, until } from '../support/waiting.ts'

/** The part of the bus's contract that is about who listens. */
export const consumerContract = (name: string, open: () => Promise<Bus>): void => {
  describe(`${name}: consumers`, () => {
    test('have no more jobs at a time than they asked for, and get all of them in the end', async () => {
      const bus = await open()
      const consumed = new Consumed(async (delivery) => {
        await sleep(5)
        delivery.ack()
      })
      for (let n = 0; n < 9; n += 1) await bus.publish(jobFor(`r${n}`))
      bus.consume('fake', 3, consumed.handler)
      await until(() => consumed.told.length === 9 && consumed.active === 0)
      expect(consumed.activeMax).toBe(3)
      expect(new Set(consumed.told).size).toBe(9)
    })

    test('of one engine share its jobs', async () => {
      const bus = await open()
      const act = async (delivery: { ack(): void }) => {
        await sleep(5)
        delivery.ack()
      }
      const [one, two] = [new Consumed(act), new Consumed(act)]
      bus.consume('fake', 1, one.handler)
      bus.consume('fake', 1, two.handler)
      for (let n = 0; n < 6; n += 1) await bus.publish(jobFor(`r${n}`))
      await until(() => one.told.length + two.told.length === 6)
      expect(Math.min(one.told.length, two.told.length)).toBeGreaterThan(0)
      expect(new Set([...one.told, ...two.told]).size).toBe(6)
    })

    test('that stop finish what they have and get no more; the rest is for the next', async () => {
      const bus = await open()
      let mayFinish = false
      const first = new Consumed(async (delivery) => {
        await until(() => mayFinish)
        delivery.ack()
      })
      const stop = bus.consume('fake', 1, first.handler)
      await bus.publish(jobFor('a'))
      await bus.publish(jobFor('b'))
      await until(() => first.active === 1)
      let isStopped = false
      const stopping = stop().then(() => {
        isStopped = true
      })
      await sleep(20)
      expect(isStopped).toBe(false)
      mayFinish = true
      await stopping
      expect(first.told).toEqual(['a.1 x1'])
      const next = new Consumed()
      bus.consume('fake', 1, next.handler)
      await until(() => next.told.length === 1)
      expect(next.told).toEqual(['b.1 x1'])
    })
  })

  describe(`${name}: a control`, () => {
    const control: Control = { kind: 'cancel', tenant, runId: runOf('a') }

    test('reaches everybody who listens, and nobody who has stopped', async () => {
      const bus = await open()
      const heard: string[] = []
      bus.onControl(({ kind, runId }) => heard.push(`one ${kind} ${runId}`))
      const stop = bus.onControl(({ kind, runId }) => heard.push(`two ${kind} ${runId}`))
      bus.sendControl(control)
      await until(() => heard.length === 2)
      stop()
      bus.sendControl({ ...control, kind: 'pause' })
      await until(() => heard.length === 3)
      await sleep(20)
      expect(heard.sort()).toEqual(['one cancel a', 'one pause a', 'two cancel a'])
    })

    test('is not kept for those who come later', async () => {
      const bus = await open()
      bus.sendControl(control)
      await sleep(20)
      const heard: Control[] = []
      bus.onControl((later) => void heard.push(later))
      await sleep(20)
      expect(heard).toEqual([])
    })
  })

  test(`${name}: what calls were let through is told to the other processes, never to this one`, async () => {
    const bus = await open()
    const heard: unknown[] = []
    const stop = bus.onUsage((usage) => heard.push(usage))
    const controls: Control[] = []
    bus.onControl((control) => void controls.push(control))
    bus.sendUsage([{ bucket: 'free', key: 'k', points: 3 }])
    bus.sendControl({ kind: 'pause', tenant, runId: runOf('a') })
    await until(() => controls.length === 1)
    await sleep(20)
    expect(heard).toEqual([])
    stop()
  })

  test(`${name}: nothing is delivered after the bus was closed`, async () => {
    const bus = await open()
    const consumed = new Consumed((delivery) => delivery.nak(20))
    bus.consume('fake', 1, consumed.handler)
    await bus.publish(jobFor('a'))
    await until(() => consumed.told.length > 0)
    await bus.close()
    const before = consumed.told.length
    await sleep(200)
    expect(consumed.told).toHaveLength(before)
  })
}
