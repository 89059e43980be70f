import { expect, test } from 'vitest'
import { CountedCalls, systemTenant } from '../../src/app/counted-calls.ts'
import type { CallRecord } from '../../src/domain/access/events.ts'
import { callOf, sealedText } from '../support/events.ts'
import { openRecorder } from '../support/recorded-calls.ts'

test('calls without identity are counted by origin, route, status and minute under the tenant system', async () => {
  const { ledger, recorder, calls } = openRecorder()
  const counted = new CountedCalls(recorder)
  const at = (time: string, over: Partial<CallRecord> = {}) =>
    counted.add(systemTenant, callOf({ at: time, actor: null, status: 401, outcome: 'denied', durationMs: 2, ...over }))
  for (let n = 0; n < 40; n += 1) at(`2026-01-02T12:00:${String(n).padStart(2, '0')}.000Z`)
  at('2026-01-02T12:01:00.000Z')
  at('2026-01-02T12:01:01.000Z', { route: '/another' })
  at('2026-01-02T12:01:02.000Z', { origin: sealedText(1) })
  counted.flush()
  await recorder.durable(systemTenant)
  expect(ledger.all[0]?.stream).toBe('access-system.2026-01-02-box')
  expect(calls().map(({ at: minute, count }) => [minute, count])).toEqual([
    ['2026-01-02T12:00:00.000Z', 40],
    ['2026-01-02T12:01:00.000Z', 1],
    ['2026-01-02T12:01:00.000Z', 1],
    ['2026-01-02T12:01:00.000Z', 1],
  ])
  expect(calls()[0]).toMatchObject({ durationMs: 80, requestId: '', resource: {} })
})

test('more origins than can be counted are counted together', async () => {
  const { recorder, calls } = openRecorder()
  const counted = new CountedCalls(recorder)
  for (let n = 0; n < 10_050; n += 1) counted.add(systemTenant, callOf({ actor: null, origin: sealedText(n) }))
  counted.flush()
  await recorder.durable(systemTenant)
  expect(calls()).toHaveLength(10_000)
  expect(calls().reduce((sum, { count }) => sum + count, 0)).toBe(10_050)
})
