import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sloAlertDecider } from '../../src/domain/alert/slo.ts'
import { sloOf } from '../../src/domain/slo/adherence.ts'
import { alarmOf, verdictOf } from '../../src/domain/slo/alarm.ts'
import { measuredOf } from '../../src/domain/slo/measured.ts'
import { sloAlertOf } from '../support/alerting-events.ts'
import { type EndedRun, pastOf } from '../support/past.ts'

/** One run in ten may fail. */
const objectives = { success_rate: 0.9, max_duration_seconds: null, freshness_hours: null }
const month = 43_200
/** A week before the story begins; so not every failure uses up the budget at once. */
const before: readonly EndedRun[] = Array.from({ length: 60 }, () => ({ minute: -10_080, outcome: 'good' }))

/** Time passes, runs end, and one of three replicas looks; what it knows of alerts may be old. */
const steps = fc.array(
  fc.record({
    minutes: fc.oneof(fc.nat(3), fc.nat(90), fc.nat(2_000)),
    outcomes: fc.array(fc.constantFrom<EndedRun['outcome']>('good', 'failed', 'good'), { maxLength: 12 }),
    replica: fc.nat(2),
    isCurrent: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
)

/** The rule by itself, in whole numbers: burn rates of failures, of which one in ten may be. */
const fires = (runs: readonly EndedRun[], now: number): boolean => {
  const over = (minutes: number, times = 1) => {
    const within = runs.filter(({ minute }) => minute >= now - minutes)
    const failed = within.filter(({ outcome }) => outcome === 'failed').length
    return failed * 100 > times * 10 * within.length
  }
  const newestGood = Math.max(
    -Infinity,
    ...runs.filter(({ outcome }) => outcome === 'good').map(({ minute }) => minute),
  )
  const isNewestBad = runs.some(
    ({ minute, outcome }) => outcome === 'failed' && minute >= Math.max(newestGood, now - month),
  )
  const burns = over(60) && over(360)
  const fast = (over(5, 14.4) && over(60, 14.4)) || (over(30, 6) && over(360, 6)) || (over(360) && over(4_320))
  const isQuiet = runs.every(({ minute }) => minute < now - 60)
  return (burns && fast) || ((burns || (isQuiet && isNewestBad)) && over(month))
}

test('an alert is never raised twice without a resolution between, nor without anything that fires', () => {
  const seen = { raised: 0, escalated: 0, resolved: 0 }
  fc.assert(
    fc.property(steps, (story) => {
      const { initial, decide, evolve } = sloAlertDecider
      let state = initial
      const known = [initial, initial, initial]
      const runs: EndedRun[] = [...before]
      const told: string[] = []
      let now = 0
      for (const { minutes, outcomes, replica, isCurrent } of story) {
        now += minutes
        for (const outcome of outcomes) runs.push({ minute: now, outcome })
        if (isCurrent) known[replica] = state
        const { raised, open } = known[replica] ?? initial
        const { past } = pastOf(runs, now)
        const verdict = verdictOf('success_rate', objectives, past, open?.severity ?? null)
        if (!verdict) continue
        const { alertId: _, ...alert } = sloAlertOf(verdict.do === 'resolve' ? {} : { severity: verdict.severity })
        const alertId = open?.alertId ?? ''
        const { severity: __, ...resolved } = alert
        const events = decide(
          {
            raise: { type: 'RaiseSloAlert' as const, number: raised + 1, alert },
            escalate: { type: 'EscalateSloAlert' as const, alert: { alertId, ...alert } },
            resolve: { type: 'ResolveSloAlert' as const, resolved: { alertId, ...resolved } },
          }[verdict.do],
          state,
        )
        if (verdict.do !== 'resolve') expect(fires(runs, now)).toBe(true)
        else if (events.length > 0) expect(alarmOf('success_rate', objectives, past)).toBeNull()
        told.push(...events.map(({ type, data }) => `${type} ${data.alertId}`))
        state = events.reduce(evolve, state)
      }
      let open: string | null = null
      for (const line of told) {
        const [type = '', alertId = ''] = line.split(' ')
        if (type === 'SloAlertRaised') {
          expect(open).toBeNull()
          open = alertId
          seen.raised += 1
        } else {
          expect(alertId).toBe(open)
          if (type === 'SloAlertResolved') open = null
          seen[type === 'SloAlertResolved' ? 'resolved' : 'escalated'] += 1
        }
      }
      const raisedIds = told.filter((line) => line.startsWith('SloAlertRaised'))
      expect(new Set(raisedIds).size).toBe(raisedIds.length)
    }),
    { numRuns: 500 },
  )
  expect(Math.min(seen.raised, seen.resolved, seen.escalated)).toBeGreaterThan(0)
})

test('what is told is at risk or breached in the answers too', () => {
  fc.assert(
    fc.property(steps, (story) => {
      const runs: EndedRun[] = [...before]
      let now = 0
      for (const { minutes, outcomes } of story) {
        now += minutes
        for (const outcome of outcomes) runs.push({ minute: now, outcome })
        const { past } = pastOf(runs, now)
        const severity = alarmOf('success_rate', objectives, past)
        const { success } = sloOf(objectives, measuredOf(past, 30))
        if (severity !== null) expect(success?.status).toBe(severity === 'breached' ? 'breached' : 'at_risk')
      }
    }),
  )
})
