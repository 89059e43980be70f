import { describe, expect, test } from 'vitest'
import { sloOf } from '../../src/domain/slo/adherence.ts'
import { objectivesOf } from '../../src/domain/slo/objectives.ts'

const none = { success_rate: null, max_duration_seconds: null, freshness_hours: null }
const counts = (succeeded: number, failed: number, within = succeeded) => ({ succeeded, failed, within })
const hoursMs = 3_600_000
const quiet = { lastHour: counts(0, 0), lastSixHours: counts(0, 0), ageMs: null }

describe('an objective', () => {
  test('is a fit number under a known name; all else is named', () => {
    const slo = { success_rate: 0.99, max_duration_seconds: '60', freshness_hours: -1, latency: 3 }
    expect(objectivesOf(slo)).toEqual({
      objectives: { ...none, success_rate: 0.99 },
      ignored: ['freshness_hours', 'latency', 'max_duration_seconds'],
    })
    expect(objectivesOf({ success_rate: 1.1 }).ignored).toEqual(['success_rate'])
    expect(objectivesOf(null)).toEqual({ objectives: none, ignored: [] })
  })
})

describe('the error budget', () => {
  const of = (succeeded: number, failed: number, rate = 0.9, over = {}) =>
    sloOf({ ...none, success_rate: rate }, { ...quiet, window: counts(succeeded, failed), ...over }).success

  test('is the share of runs that may fail, and each that fails uses one', () => {
    expect(of(98, 2)).toMatchObject({
      actual: 0.98,
      runs: 100,
      budget: { allowed: 10, used: 2, left: 8, burn_rate: { last_hour: null, last_6_hours: null, window: 0.2 } },
      status: 'met',
    })
  })

  test.each([
    [100, 0, 'met'],
    [93, 7, 'met'],
    [92, 8, 'at_risk'],
    [90, 10, 'at_risk'],
    [89, 11, 'breached'],
    [0, 0, 'no_data'],
    [1, 0, 'met'],
    [0, 1, 'breached'],
  ])('with %i runs that succeeded and %i that failed is %3$s', (succeeded, failed, status) => {
    expect(of(succeeded, failed)?.status).toBe(status)
  })

  test('is at risk while it burns faster than it may, both in an hour and in six', () => {
    const burning = { lastHour: counts(3, 1), lastSixHours: counts(6, 1) }
    expect(of(98, 2, 0.9, burning)).toMatchObject({
      budget: { burn_rate: { last_hour: 2.5, last_6_hours: 1.428571, window: 0.2 } },
      status: 'at_risk',
    })
    expect(of(98, 2, 0.9, { ...burning, lastSixHours: counts(20, 1) })?.status).toBe('met')
    expect(of(98, 2, 0.9, { ...burning, lastHour: counts(3, 0) })?.status).toBe('met')
  })

  test('of an objective of all is gone with the first failure', () => {
    expect(of(10, 0, 1)).toMatchObject({ budget: { allowed: 0, left: 0, burn_rate: { window: 0 } }, status: 'met' })
    expect(of(10, 1, 1)).toMatchObject({ budget: { left: -1, burn_rate: { window: null } }, status: 'breached' })
  })
})

describe('durations and freshness', () => {
  test.each([
    [0.9, counts(100, 0, 100), 'met'],
    [0.9, counts(100, 50, 92), 'at_risk'],
    [0.9, counts(100, 0, 89), 'breached'],
    [null, counts(100, 0, 99), 'breached'],
    [null, counts(100, 0, 100), 'met'],
    [null, counts(0, 5, 0), 'no_data'],
  ])('with %s to succeed, %o is %s', (rate, window, status) => {
    const slo = sloOf({ ...none, success_rate: rate, max_duration_seconds: 60 }, { ...quiet, window })
    expect(slo.duration?.status).toBe(status)
  })

  test.each([
    [null, 0, 'no_data'],
    [null, 1, 'breached'],
    [7 * hoursMs, 0, 'met'],
    [7.5 * hoursMs, 0, 'at_risk'],
    [10 * hoursMs, 0, 'at_risk'],
    [10 * hoursMs + 60_000, 0, 'breached'],
  ])('an age of %s ms after %i failures is, of ten hours, %s', (ageMs, failed, status) => {
    const slo = sloOf({ ...none, freshness_hours: 10 }, { ...quiet, window: counts(0, failed), ageMs })
    expect(slo.freshness?.status).toBe(status)
  })

  test('the whole is as bad as its worst part, and without any there is no data', () => {
    const all = { success_rate: 0.9, max_duration_seconds: 60, freshness_hours: 10 }
    const good = { ...quiet, window: counts(100, 0), ageMs: hoursMs }
    expect(sloOf(all, good).status).toBe('met')
    expect(sloOf(all, { ...good, ageMs: 8 * hoursMs }).status).toBe('at_risk')
    expect(sloOf(all, { ...good, window: counts(100, 0, 10) }).status).toBe('breached')
    expect(sloOf(none, good)).toEqual({ status: 'no_data', success: null, duration: null, freshness: null })
  })
})
