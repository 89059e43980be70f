import { describe, expect, test } from 'vitest'
import { breakGlassDecider } from '../../src/domain/alert/break-glass.ts'
import { alertDecider } from '../../src/domain/alert/decide.ts'
import type { SloAlertEvent } from '../../src/domain/alert/events.ts'
import { alertPlaceOf, integrityAlertId } from '../../src/domain/alert/ids.ts'
import { sloAlertDecider } from '../../src/domain/alert/slo.ts'
import { breakGlassAlertOf, sloAlertOf } from '../support/alerting-events.ts'
import { sentences } from '../support/decider.ts'

const seen = (alertId: string, ...by: string[]) => ({ type: 'AcknowledgeAlert' as const, alertId, by })
const wasSeen = (alertId: string) => ({ type: 'AlertAcknowledged' as const, data: { alertId } })

describe('the alert of an objective', () => {
  const of = sentences(sloAlertDecider)
  const first = sloAlertOf()
  const second = sloAlertOf({ alertId: first.alertId.replace(/1$/, '2') })
  const { alertId: _, ...alert } = first
  const { severity: __, ...over } = first
  const raise = (number: number) => ({ type: 'RaiseSloAlert' as const, number, alert })
  const resolve = { type: 'ResolveSloAlert' as const, resolved: over }
  const raised: SloAlertEvent = { type: 'SloAlertRaised', data: first }
  const resolved: SloAlertEvent = { type: 'SloAlertResolved', data: over }

  test('is raised once, and again only after it was resolved', () => {
    of.given().when(raise(1)).thenHappens(raised)
    of.given(raised).when(raise(1)).thenNothing()
    of.given(raised).when(raise(2)).thenNothing()
    of.given(raised, resolved).when(raise(2)).thenHappens({ type: 'SloAlertRaised', data: second })
  })

  test('is not raised by somebody who does not know that it was raised and resolved meanwhile', () => {
    of.given(raised, resolved).when(raise(1)).thenNothing()
  })

  test('is resolved once, and not by who means the one before', () => {
    of.given(raised).when(resolve).thenHappens(resolved)
    of.given(raised, resolved).when(resolve).thenNothing()
    of.given(raised, resolved, { type: 'SloAlertRaised', data: second }).when(resolve).thenNothing()
    of.given().when(resolve).thenNothing()
  })

  test('becomes worse once', () => {
    const worse = { ...first, severity: 'breached' as const }
    const escalate = { type: 'EscalateSloAlert' as const, alert: worse }
    const escalated: SloAlertEvent = { type: 'SloAlertEscalated', data: worse }
    of.given(raised).when(escalate).thenHappens(escalated)
    of.given(raised, escalated).when(escalate).thenNothing()
    of.given(raised, resolved).when(escalate).thenNothing()
  })

  test('is seen to once, as long as it is not over', () => {
    const { alertId } = first
    of.given(raised).when(seen(alertId, 'otto')).thenHappens(wasSeen(alertId))
    of.given(raised, wasSeen(alertId)).when(seen(alertId, 'grace')).thenNothing()
    of.given(raised, resolved).when(seen(alertId, 'otto')).thenRejects('ALERT_RESOLVED')
    of.given(raised).when(seen(second.alertId, 'otto')).thenRejects('ALERT_NOT_FOUND')
    of.given().when(seen(alertId, 'otto')).thenRejects('ALERT_NOT_FOUND')
  })

  test('was seen to for this time only', () => {
    const again: SloAlertEvent = { type: 'SloAlertRaised', data: second }
    const { alertId } = second
    of.given(raised, wasSeen(first.alertId), resolved, again).when(seen(alertId, 'otto')).thenHappens(wasSeen(alertId))
  })
})

describe('the alert of an approval that was overridden', () => {
  const of = sentences(breakGlassDecider)
  const { alertId, ...alert } = breakGlassAlertOf({ by: 'ada' })
  const raise = { type: 'RaiseBreakGlassAlert' as const, alert }
  const raised = { type: 'BreakGlassAlertRaised' as const, data: { alertId, ...alert } }

  test('is raised once', () => {
    of.given().when(raise).thenHappens(raised)
    of.given(raised).when(raise).thenNothing()
    of.given(raised, wasSeen(alertId)).when(raise).thenNothing()
  })

  test('is seen to by others only, whoever speaks for whom', () => {
    of.given(raised).when(seen(alertId, 'grace')).thenHappens(wasSeen(alertId))
    of.given(raised, wasSeen(alertId)).when(seen(alertId, 'otto')).thenNothing()
    of.given(raised).when(seen(alertId, 'ada')).thenRejects('SELF_APPROVAL')
    of.given(raised)
      .when(seen(alertId, 'devi', 'ada'))
      .thenRejects('SELF_APPROVAL')
    of.given().when(seen(alertId, 'grace')).thenRejects('ALERT_NOT_FOUND')
  })
})

describe('the alert of a ledger that was changed', () => {
  test('is seen to once', () => {
    const of = sentences(alertDecider)
    const data = { log: 'commands' as const, from: 3, to: 7, event: null, stream: null, detail: 'it differs' }
    const raised = { type: 'IntegrityAlertRaised' as const, data }
    const alertId = integrityAlertId('commands', data)
    of.given(raised).when(seen(alertId, 'grace')).thenHappens(wasSeen(alertId))
    of.given(raised, wasSeen(alertId)).when(seen(alertId, 'grace')).thenNothing()
    of.given(raised).when(seen('integrity-commands-3-8', 'grace')).thenRejects('ALERT_NOT_FOUND')
  })
})

test("an alert's id names its kind and its stream, and nothing else is one", () => {
  const { alertId } = sloAlertOf()
  expect(alertPlaceOf(alertId)).toEqual({ kind: 'slo', streamId: alertId.replace(/-1$/, '') })
  const glass = breakGlassAlertOf().alertId
  expect(alertPlaceOf(glass)).toEqual({ kind: 'break-glass', streamId: glass })
  expect(alertPlaceOf('integrity-access-0-12')).toEqual({ kind: 'integrity', streamId: 'access' })
  for (const other of [
    '',
    'commands',
    `${alertId}x`,
    alertId.replace('dev', 'moon'),
    `${glass}-1`,
    'integrity-run-1-2',
  ]) {
    expect(alertPlaceOf(other)).toBeUndefined()
  }
})
