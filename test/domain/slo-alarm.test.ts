import { describe, expect, test } from 'vitest'
import { alarmOf, isCalm, verdictOf } from '../../src/domain/slo/alarm.ts'
import type { Objectives } from '../../src/domain/slo/objectives.ts'
import { toldOf } from '../../src/domain/slo/told.ts'
import { type EndedRun, evenly, pastOf } from '../support/past.ts'

const none: Objectives = { success_rate: null, max_duration_seconds: null, freshness_hours: null }
const rate = (success_rate: number): Objectives => ({ ...none, success_rate })
const day = 1_440
const month = 30 * day
const now = 2 * month

/** A run a minute for a month up to now, of which the newest are of another outcome. */
const busy = (newest: number, outcome: EndedRun['outcome'] = 'failed', days = 30) => {
  const count = days * day - newest
  return [...evenly(now - days * day, now - newest, count), ...evenly(now - newest, now, newest, outcome)]
}
const alarm = (objectives: Objectives, runs: readonly EndedRun[], at = now) =>
  alarmOf('success_rate', objectives, pastOf(runs, at).past)

describe('the success rate of a busy pipeline', () => {
  test('is told as burning once 14.4 times what may fail has failed over an hour', () => {
    expect(alarm(rate(0.99), busy(8))).toBeNull()
    expect(alarm(rate(0.99), busy(9))).toBe('burning')
  })

  test('is not told for failures that are over, though the hour is still full of them', () => {
    const runs = busy(20).map((run) => ({ ...run, minute: run.minute - 10 }))
    const recovered = [...runs, ...evenly(now - 10, now, 40)]
    expect(alarm(rate(0.99), [...recovered, { minute: now, outcome: 'good' }])).toBeNull()
    expect(alarm(rate(0.99), runs, now - 10)).toBe('burning')
  })

  test('is told for a slower fire over six hours, and for a slow one over three days', () => {
    const every = (nth: number, hours: number) =>
      busy(0).map((run, index, { length }) =>
        length - index <= hours * 60 && (length - 1 - index) % nth === 0 ? { ...run, outcome: 'failed' as const } : run,
      )
    expect(alarm(rate(0.99), every(20, 6))).toBeNull()
    expect(alarm(rate(0.99), every(16, 6))).toBe('burning')
    expect(alarm(rate(0.99), every(50, 24))).toBeNull()
    expect(alarm(rate(0.99), every(50, 72))).toBe('burning')
  })

  test('is breached when what is left of the budget is gone, and it still burns', () => {
    expect(alarm(rate(0.99), busy(432))).toBe('burning')
    expect(alarm(rate(0.99), busy(433))).toBe('breached')
  })

  test('is read in two short windows as long as nothing fails', () => {
    const { past, reads } = pastOf(busy(0), now)
    expect(alarmOf('success_rate', rate(0.99), past)).toBeNull()
    expect(Math.max(...reads)).toBeLessThanOrEqual(360)
  })
})

describe('the success rate of a pipeline that runs once a day', () => {
  const daily = (...outcomes: EndedRun['outcome'][]) =>
    outcomes.map((outcome, index) => ({ minute: now - (outcomes.length - 1 - index) * day, outcome }))

  test('is told with its first failure, where one is more than a month may have', () => {
    expect(alarm(rate(0.99), daily('good', 'good', 'failed'))).toBe('breached')
    expect(alarm(rate(0.5), daily('good', 'good', 'failed'))).toBeNull()
  })

  test('is told also when nobody looked while it failed', () => {
    const runs = daily('good', 'failed')
    expect(alarm(rate(0.99), runs, now + 10 * 60)).toBe('breached')
  })

  test('is not over for silence, but with the next success', () => {
    const runs = daily('good', 'failed')
    const calm = (of: EndedRun[], at: number) => isCalm('success_rate', rate(0.99), pastOf(of, at).past)
    expect(calm(runs, now + 20 * 60)).toBe(false)
    expect(calm([...runs, { minute: now + day, outcome: 'good' }], now + day)).toBe(true)
  })

  test('is not told again for a budget that is gone, before another run fails', () => {
    const runs = daily('failed', 'good')
    expect(alarm(rate(0.99), runs)).toBeNull()
    expect(alarm(rate(0.99), [...runs, { minute: now + 5, outcome: 'failed' }], now + 5)).toBe('breached')
  })
})

describe('an alert', () => {
  const verdict = (runs: readonly EndedRun[], open: 'burning' | 'breached' | null, objectives = rate(0.5)) =>
    verdictOf('success_rate', objectives, pastOf(runs, now).past, open)
  const inTurn = (...outcomes: EndedRun['outcome'][]) =>
    outcomes.map((outcome, index) => ({ minute: now - outcomes.length + 1 + index, outcome }))

  test('does not go on and off with every other run', () => {
    expect(verdict(inTurn('failed'), null)).toEqual({ do: 'raise', severity: 'breached' })
    expect(verdict(inTurn('failed', 'good'), 'breached')).toBeNull()
    expect(verdict(inTurn('failed', 'good', 'failed'), 'breached')).toBeNull()
    expect(verdict(inTurn('failed', 'good', 'good'), 'breached')).toBeNull()
    expect(verdict(inTurn('failed', 'good', 'good', 'good'), 'breached')).toEqual({ do: 'resolve' })
  })

  test('that is burning becomes worse, and never better before it is over', () => {
    expect(verdict(busy(433), 'burning', rate(0.99))).toEqual({ do: 'escalate', severity: 'breached' })
    expect(verdict(busy(100), 'breached', rate(0.99))).toBeNull()
    expect(verdict(busy(100), 'burning', rate(0.99))).toBeNull()
  })

  test('is over when the objective is asked for no more', () => {
    expect(verdict(inTurn('failed'), 'breached', none)).toEqual({ do: 'resolve' })
    expect(verdict(inTurn('failed'), null, none)).toBeNull()
  })
})

describe('durations and freshness', () => {
  const of = (objective: 'duration' | 'freshness', objectives: Objectives, runs: EndedRun[], at = now) =>
    alarmOf(objective, objectives, pastOf(runs, at).past)
  const seconds = { ...none, max_duration_seconds: 60 }

  test('a run that is late is told where none may be', () => {
    expect(of('duration', seconds, [...evenly(now - day, now, 9), { minute: now, outcome: 'late' }])).toBe('breached')
    expect(of('duration', seconds, [{ minute: now, outcome: 'failed' }])).toBeNull()
    expect(isCalm('duration', seconds, pastOf([{ minute: now - 61, outcome: 'late' }], now).past)).toBe(false)
    expect(isCalm('duration', seconds, pastOf([{ minute: now - 61, outcome: 'good' }], now).past)).toBe(true)
  })

  test('what is late is told only when the budget for it is gone', () => {
    const objectives = { ...seconds, success_rate: 0.99 }
    expect(of('duration', objectives, busy(100, 'late'))).toBeNull()
    expect(of('duration', objectives, busy(433, 'late'))).toBe('breached')
  })

  test('what is too old is told, and is fresh only well before it would be old again', () => {
    const fresh = { ...none, freshness_hours: 4 }
    const runs: EndedRun[] = [{ minute: now, outcome: 'good' }]
    const at = (hours: number) => pastOf(runs, now + hours * 60).past
    expect(alarmOf('freshness', fresh, at(4))).toBeNull()
    expect(alarmOf('freshness', fresh, at(4.1))).toBe('breached')
    expect([2.9, 3.1].map((hours) => isCalm('freshness', fresh, at(hours)))).toEqual([true, false])
  })

  test('nothing is old of what never ran, and everything of what only failed', () => {
    const fresh = { ...none, freshness_hours: 4 }
    expect(of('freshness', fresh, [])).toBeNull()
    expect(of('freshness', fresh, [{ minute: now, outcome: 'failed' }])).toBe('breached')
  })
})

test('an alert says in words and figures what it is about', () => {
  const all = { success_rate: 0.9, max_duration_seconds: 60, freshness_hours: 1 }
  const runs: EndedRun[] = [
    { minute: now - 90, outcome: 'late' },
    { minute: now - 30, outcome: 'failed' },
  ]
  const { past } = pastOf(runs, now)
  const told = (['success_rate', 'duration', 'freshness'] as const).map((objective) => toldOf(objective, all, past))
  expect(told.map((each) => each?.detail)).toEqual([
    '1 of 2 runs failed in 30 days; 0.2 may (0.9 have to succeed)',
    '1 of 1 runs that succeeded in 30 days took longer than 60 s; 0.1 may',
    'the newest success is 1.5 hours old; 1 hours are allowed',
  ])
  expect(told[0]?.figures).toEqual({
    objective: 0.9,
    actual: 0.5,
    burnRate: { lastHour: 10, lastSixHours: 5 },
    budgetLeft: -0.8,
    ageHours: 1.5,
  })
  expect(toldOf('duration', none, past)).toBeNull()
})
