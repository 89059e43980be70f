import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextAttemptAt, parseSchedule } from '../../src/webhooks/schedule.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const byDefault = '0s,5s,5m,30m,2h,5h,10h,14h,20h,24h'
const schedule = parseSchedule(byDefault)
const middle = () => 0.5
const nowMs = Date.UTC(2026, 0, 1)

describe('a schedule', () => {
  test('reads as the waits before each attempt', () => {
    const minuteMs = 60_000
    expect(schedule).toEqual(
      [0, 5_000, 5 * minuteMs, 30 * minuteMs].concat([2, 5, 10, 14, 20, 24].map((hours) => hours * hourMs)),
    )
    expect(parseSchedule(' 0s , 250ms ')).toEqual([0, 250])
    expect(parseSchedule('86400s')).toEqual([dayMs])
  })

  test.each(['', ',', '5s,', '5', 's', '-5s', '1.5h', '1e3s', '5 s', '5d', '5S', '25h', '86400001ms', '9'.repeat(400)])(
    'is not %j',
    (text) => expect(() => parseSchedule(text)).toThrow(/^a retry schedule has/),
  )

  test('has at most 100 attempts', () => {
    expect(parseSchedule(Array(100).fill('1s').join(','))).toHaveLength(100)
    expect(() => parseSchedule(Array(101).fill('1s').join(','))).toThrow('at most 100')
  })

  test('survives being written and read', () => {
    const waits = fc.array(fc.nat(dayMs), { minLength: 1, maxLength: 100 })
    const isSame = fc.property(waits, (each) => {
      expect(parseSchedule(each.map((waitMs) => `${waitMs}ms`).join(','))).toEqual(each)
    })
    fc.assert(isSame)
  })
})

const anyRetryAfter = fc.option(fc.nat(3 * dayMs))
const anyChance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const anyAttempt = fc.nat(schedule.length - 1)
const anyNow = fc.nat(2 ** 41)
const waitOf = (attempt: number, retryAfterMs: number | null, chance: number, from = nowMs): number =>
  (nextAttemptAt({ attempt, schedule, nowMs: from, retryAfterMs, random: () => chance }) ?? Number.NaN) - from

describe('the next attempt', () => {
  test('comes after the wait that the schedule has for it', () => {
    expect(schedule.map((_, attempt) => waitOf(attempt, null, 0.5))).toEqual(schedule)
  })

  test('does not come when the schedule is exhausted, whatever the receiver asks for', () => {
    const planned = { schedule, nowMs, retryAfterMs: 1_000, random: middle }
    expect(nextAttemptAt({ ...planned, attempt: schedule.length })).toBeNull()
    expect(nextAttemptAt({ ...planned, attempt: 99 })).toBeNull()
    expect(nextAttemptAt({ ...planned, attempt: 0, schedule: [] })).toBeNull()
  })

  test('is spread by a tenth to either side', () => {
    expect(waitOf(4, null, 0)).toBe(108 * 60_000)
    expect(waitOf(4, null, 0.75)).toBe(126 * 60_000)
    expect(waitOf(4, null, 1 - Number.EPSILON)).toBe(132 * 60_000)
    expect(waitOf(0, null, 0.9)).toBe(0)
  })

  test('comes when the receiver asks for it, where that is later', () => {
    expect(waitOf(1, 60_000, 0.5)).toBe(60_000)
    expect(waitOf(1, 1_000, 0.5)).toBe(5_000)
    expect(waitOf(1, 7 * dayMs, 0.5)).toBe(dayMs)
    expect(waitOf(1, Number.MAX_VALUE, 0.5)).toBe(dayMs)
  })

  test('is a whole ms from now to 24 h from now, never before what the receiver asks for within them', () => {
    const isBounded = fc.property(
      anyAttempt,
      anyRetryAfter,
      anyChance,
      anyNow,
      (attempt, retryAfterMs, chance, from) => {
        const waitMs = waitOf(attempt, retryAfterMs, chance, from)
        expect(Number.isSafeInteger(waitMs)).toBe(true)
        expect(waitMs).toBeLessThanOrEqual(dayMs)
        expect(waitMs).toBeGreaterThanOrEqual(Math.min(dayMs, retryAfterMs ?? 0))
        const scheduledMs = schedule[attempt] ?? Number.NaN
        expect(waitMs).toBeGreaterThanOrEqual(0.9 * scheduledMs - 1)
        expect(waitMs).toBeLessThanOrEqual(Math.max(1.1 * scheduledMs + 1, retryAfterMs ?? 0))
      },
    )
    fc.assert(isBounded)
  })

  test('is never earlier for more attempts, a later now, a longer Retry-After or a higher chance', () => {
    const pair = <T>(each: fc.Arbitrary<T>) => fc.tuple(each, each)
    const sorted = (each: fc.Arbitrary<number>) =>
      pair(each).map(([a, b]) => (a < b ? [a, b] : [b, a]) as [number, number])
    const isMonotone = fc.property(
      sorted(anyAttempt),
      sorted(anyNow),
      sorted(fc.nat(3 * dayMs)),
      sorted(anyChance),
      ([few, many], [early, late], [short, long], [low, high]) => {
        const at = (attempt: number, from: number, retryAfterMs: number, chance: number) =>
          from + waitOf(attempt, retryAfterMs, chance, from)
        const base = at(few, early, short, low)
        expect(at(many, early, short, low)).toBeGreaterThanOrEqual(base)
        expect(at(few, late, short, low)).toBeGreaterThanOrEqual(base)
        expect(at(few, early, long, low)).toBeGreaterThanOrEqual(base)
        expect(at(few, early, short, high)).toBeGreaterThanOrEqual(base)
      },
    )
    fc.assert(isMonotone)
  })
})
