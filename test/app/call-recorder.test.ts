import { expect, test } from 'vitest'
import type { CommandHandler } from '../../src/app/handle.ts'
import { Rejection } from '../../src/domain/codes.ts'
import { callOf } from '../support/events.ts'
import { otherTenant, tenant } from '../support/ids.ts'
import { openRecorder } from '../support/recorded-calls.ts'
import { sleep, until } from '../support/waiting.ts'

/** A ledger that refuses until it is told to take. */
const refusing = () => {
  const state = { refuses: true, tries: 0 }
  const handler = (real: CommandHandler): Pick<CommandHandler, 'handle'> => ({
    handle: (...given) => {
      state.tries += 1
      if (state.refuses) return Promise.reject(new Rejection('LEDGER_UNAVAILABLE', 'not now'))
      return real.handle(...given)
    },
  })
  return { state, handler }
}

test('calls of 50 ms are one event, in a stream of tenant, day and replica', async () => {
  const { ledger, recorder } = openRecorder()
  recorder.record(tenant, callOf({ requestId: 'a' }))
  recorder.record(tenant, callOf({ requestId: 'b' }))
  recorder.record(otherTenant, callOf({ requestId: 'c' }))
  expect(ledger.all).toEqual([])
  await until(() => ledger.all.length === 2)
  expect(ledger.all.map(({ stream }) => stream)).toEqual(['access-acme.2026-01-02-box', 'access-other.2026-01-02-box'])
  expect(ledger.all[0]?.metadata).toMatchObject({ tenant, command: 'RecordCalls', origin: 'call-recorder' })
})

test('at most 256 calls are one event, and none is lost', async () => {
  const { ledger, recorder, calls } = openRecorder()
  for (let n = 0; n < 1_000; n += 1) recorder.record(tenant, callOf({ requestId: `r${n}` }))
  await recorder.durable(tenant)
  expect(ledger.all).toHaveLength(4)
  expect(calls().map(({ requestId }) => requestId)).toEqual(Array.from({ length: 1_000 }, (_, n) => `r${n}`))
})

test('what was recorded is durable when it says so, and at once when there is nothing', async () => {
  const { recorder, calls } = openRecorder()
  await recorder.durable(tenant)
  recorder.record(tenant, callOf())
  await recorder.durable(tenant)
  expect(calls()).toHaveLength(1)
})

test('a ledger that takes nothing leaves it behind, and nothing is lost or told twice when it takes again', async () => {
  const { state, handler } = refusing()
  const { recorder, clock, calls, log } = openRecorder(handler)
  recorder.record(tenant, callOf({ requestId: 'a' }))
  expect(recorder.behindMs()).toBe(0)
  await until(() => state.tries > 1)
  clock.nowMs += 1_500
  recorder.record(tenant, callOf({ requestId: 'b' }))
  expect([recorder.behindMs(), await recorder.keepsUp()]).toEqual([1_500, false])
  expect(log.lines.length).toBeGreaterThan(0)
  state.refuses = false
  await recorder.durable(tenant)
  expect([recorder.behindMs(), calls().map(({ requestId }) => requestId)]).toEqual([0, ['a', 'b']])
})

test('a ledger that is slow holds calls up, and refuses none', async () => {
  const slow: { take?: () => void } = {}
  const { recorder, clock } = openRecorder((real) => ({
    handle: async (...given) => {
      await new Promise<void>((resolve) => Object.assign(slow, { take: resolve }))
      return real.handle(...given)
    },
  }))
  recorder.record(tenant, callOf())
  await until(() => slow.take !== undefined)
  expect(await recorder.keepsUp()).toBe(true)
  clock.nowMs += 1_001
  let answer: boolean | undefined
  const answered = recorder.keepsUp().then((keepsUp) => {
    answer = keepsUp
  })
  await sleep(50)
  expect(answer).toBe(undefined)
  slow.take?.()
  await answered
  expect(answer).toBe(true)
})

test('what is open is written at the end, but not waited for for ever', async () => {
  const { recorder, calls } = openRecorder()
  recorder.record(tenant, callOf())
  await recorder.close()
  expect(calls()).toHaveLength(1)

  const { state, handler } = refusing()
  const stuck = openRecorder(handler)
  stuck.recorder.record(tenant, callOf())
  await stuck.recorder.close()
  expect(state.tries).toBeGreaterThan(0)
})

test('a call that comes while another batch is being written is written too', async () => {
  const { recorder, calls } = openRecorder()
  for (let n = 0; n < 20; n += 1) {
    recorder.record(tenant, callOf({ requestId: `r${n}` }))
    void recorder.durable(tenant)
    await sleep(1)
  }
  await recorder.durable(tenant)
  expect(calls()).toHaveLength(20)
})

test('what the ledger never takes is taken apart: the others are written, and of the one at fault its bare record', async () => {
  const { ledger, recorder, calls, log } = openRecorder((real) => ({
    handle: (aggregate, id, command, ...more) => {
      if (JSON.stringify(command).includes('poison')) return Promise.reject(new RangeError('too large'))
      return real.handle(aggregate, id, command, ...more)
    },
  }))
  for (let n = 0; n < 20; n += 1) {
    recorder.record(tenant, callOf({ requestId: `r${n}`, query: n === 7 ? { batch_id: 'poison' } : { limit: '1' } }))
  }
  await recorder.durable(tenant)
  expect(recorder.behindMs()).toBe(0)
  expect(calls().map(({ requestId }) => requestId)).toEqual(Array.from({ length: 20 }, (_, n) => `r${n}`))
  expect(calls()[7]).toMatchObject({ query: {}, resource: {} })
  expect(ledger.all.length).toBeGreaterThan(1)
  expect(log.lines).toContain('error: calls cannot be recorded')
})

test('an event stays well below what a ledger takes at once, however long its calls are', async () => {
  const { ledger, recorder, calls } = openRecorder()
  for (let n = 0; n < 100; n += 1) recorder.record(tenant, callOf({ resource: { run_id: 'x'.repeat(20_000) } }))
  await recorder.durable(tenant)
  expect(calls()).toHaveLength(100)
  for (const { event } of ledger.all) expect(JSON.stringify(event).length).toBeLessThan(300_000)
})

test('a ledger that is slow with one tenant holds up no other, and many calls cost few events', async () => {
  const { ledger, recorder } = openRecorder((real) => ({
    handle: async (aggregate, id, command, context, ...more) => {
      await sleep(context.tenant === tenant ? 3_000 : 2)
      return real.handle(aggregate, id, command, context, ...more)
    },
  }))
  recorder.record(tenant, callOf())
  const slow = recorder.durable(tenant)
  for (let n = 0; n < 200; n += 1) {
    recorder.record(otherTenant, callOf())
    if (n % 10 === 0) void recorder.durable(otherTenant)
    await sleep(1)
  }
  await recorder.durable(otherTenant)
  expect(ledger.all.every(({ metadata }) => metadata.tenant === otherTenant)).toBe(true)
  expect(ledger.all.length).toBeLessThan(150)
  await slow
})

test('a record that comes just when the last batch was written is written too', async () => {
  const { recorder, calls } = openRecorder()
  for (let n = 0; n < 200; n += 1) {
    recorder.record(tenant, callOf({ requestId: `r${n}` }))
    await recorder.durable(tenant)
  }
  expect(calls()).toHaveLength(200)
})

test('a delay that ends when nothing is left to write stops nothing', async () => {
  const { recorder, calls } = openRecorder()
  recorder.record(tenant, callOf({ requestId: 'a' }))
  await recorder.durable(tenant)
  // Recorded while the writer was on its way out, so that its delay outlasts it.
  for (let n = 0; n < 50; n += 1) {
    recorder.record(tenant, callOf({ requestId: `b${n}` }))
    void recorder.durable(tenant)
    await sleep(n % 7)
  }
  await recorder.close()
  recorder.record(tenant, callOf({ requestId: 'c' }))
  await sleep(120)
  await recorder.durable(tenant)
  expect([recorder.behindMs(), calls().length]).toEqual([0, 52])
})
