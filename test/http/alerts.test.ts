import { describe, expect, test } from 'vitest'
import { breakGlassWork } from '../../projections/alert-work.ts'
import { alerts, sloAlerts } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { integrityAlertId, sloStreamId } from '../../src/domain/alert/ids.ts'
import { breakGlassWatch } from '../../src/processes/break-glass.ts'
import { sloAlertOf } from '../support/alerting-events.ts'
import { nowMs } from '../support/api.ts'
import { openApprovalsApi } from '../support/approvals-api.ts'
import { contextOf } from '../support/contexts.ts'
import { slugOf } from '../support/ids.ts'
import { SseReader } from '../support/sse.ts'

const hourMs = 3_600_000
const finding = { log: 'commands' as const, from: 3, to: 7, event: null, stream: 'run-acme.r1', detail: 'it differs' }
const integrityId = integrityAlertId('commands', finding)

/** The API, and ways to have alerts: of objectives, of the ledger, and of glass that was broken. */
const openAlerts = async () => {
  const api = await openApprovalsApi()
  const { commands, ledger, pump, services } = api
  const at = (hoursAgo: number) => contextOf({ at: new Date(nowMs - hoursAgo * hourMs).toISOString() })
  const streamOf = ({ pipelineId, environment, objective } = sloAlertOf()) =>
    sloStreamId(pipelineId, environment, objective)
  const raise = async (over: Parameters<typeof sloAlertOf>[0] = {}, { hoursAgo = 0, number = 1 } = {}) => {
    const { alertId: _, ...alert } = sloAlertOf(over)
    const stream = streamOf(sloAlertOf(over))
    await commands.handle(sloAlerts, stream, { type: 'RaiseSloAlert', number, alert }, at(hoursAgo))
    await pump.settled()
    return `${stream}-${number}`
  }
  const resolve = async (alertId: string) => {
    const { severity: _, ...resolved } = sloAlertOf({ alertId })
    await commands.handle(sloAlerts, streamOf(), { type: 'ResolveSloAlert', resolved }, at(0))
    await pump.settled()
  }
  const tamper = async () => {
    await commands.handle(alerts, 'commands', { type: 'RaiseAlert', ...finding }, at(0))
    await pump.settled()
  }
  const breakGlass = async () => {
    const { approvalId } = await api.open()
    expect(await api.say('adam', approvalId, 'override', { reason: 'the report is due' })).toMatchObject({
      status: 200,
    })
    const shared = { commands: new CommandHandler(ledger), nowMs: () => nowMs, head: () => ledger.head() }
    await breakGlassWatch({ ...shared, work: breakGlassWork(services.views), viewsReach: async () => true }).start()
    await pump.settled()
    return `break-glass-${approvalId}`
  }
  const list = async (query = '') => (await api.get(`/pipelines/alerts${query}`, api.as('olga'))).body
  const idsOf = async (query = '') =>
    ((await list(query)).alerts as { alert_id: string }[]).map((each) => each.alert_id)
  const acknowledge = (who: Parameters<typeof api.as>[0], alertId: string, body: object = { reason: 'rolled back' }) =>
    api.post(`/pipelines/alerts/${alertId}/acknowledge`, body, api.as(who))
  return { ...api, raise, resolve, tamper, breakGlass, list, idsOf, acknowledge }
}

describe('GET /pipelines/alerts', () => {
  test('shows each kind with what it is about, newest first', async () => {
    const { raise, tamper, breakGlass, list, pseudonymOf } = await openAlerts()
    const slo = await raise()
    await tamper()
    const glass = await breakGlass()
    const adam = await pseudonymOf('adam')
    const open = { state: 'firing', acknowledged: null, resolved: null }
    const none = { slo: null, break_glass: null, integrity: null }
    const { log, from, to, event, stream, detail } = finding
    expect(await list()).toMatchObject({
      next: null,
      alerts: [
        {
          ...{ ...open, ...none, alert_id: glass, kind: 'break-glass', pipeline: 'flights', severity: null },
          break_glass: { command: 'RequestRun', by: adam, reason: 'the report is due', target: { kind: 'run' } },
        },
        {
          ...open,
          ...none,
          alert_id: integrityId,
          kind: 'integrity',
          detail,
          integrity: { log, from, to, event, stream },
        },
        {
          ...{ ...open, ...none, alert_id: slo, kind: 'slo', pipeline: 'flights', severity: 'burning' },
          slo: {
            objective: 'success_rate',
            window_days: 30,
            figures: { burn_rate: { last_hour: 50, last_6_hours: 50 } },
          },
        },
      ],
    })
  })

  test('lists those of a kind, a state, a pipeline and a time', async () => {
    const { raise, resolve, tamper, breakGlass, idsOf, acknowledge } = await openAlerts()
    const old = await raise({}, { hoursAgo: 48 })
    await resolve(old)
    const again = await raise({}, { hoursAgo: 24, number: 2 })
    const other = await raise({ pipeline: slugOf('weather'), environment: 'prod' }, { hoursAgo: 1 })
    await tamper()
    const glass = await breakGlass()
    expect(await acknowledge('greta', again)).toMatchObject({ status: 200 })
    expect(await idsOf('?kind=slo')).toEqual([other, again, old])
    expect(await idsOf('?kind=integrity')).toEqual([integrityId])
    expect(await idsOf('?state=resolved')).toEqual([old])
    expect(await idsOf('?state=acknowledged')).toEqual([again])
    expect(await idsOf('?state=firing&kind=slo')).toEqual([other])
    expect(await idsOf('?pipeline=flights')).toEqual([glass, again, old])
    expect(await idsOf('?from=2026-01-01&to=2026-01-02')).toEqual([again])
  })

  test('goes on with what is older, whatever is raised meanwhile', async () => {
    const { raise, resolve, list, idsOf } = await openAlerts()
    const ids: string[] = []
    for (let number = 1; number <= 3; number += 1) {
      const alertId = await raise({}, { number })
      await resolve(alertId)
      ids.unshift(alertId)
    }
    const first = await list('?limit=2')
    expect(first.alerts).toMatchObject(ids.slice(0, 2).map((alert_id) => ({ alert_id })))
    await raise({}, { number: 4 })
    expect(await list(`?limit=2&cursor=${first.next}`)).toMatchObject({ alerts: [{ alert_id: ids[2] }], next: null })
    expect(await idsOf('?limit=3')).toHaveLength(3)
  })

  test.each([
    ['kind=fire', 'kind: must be one of slo, break-glass, integrity'],
    ['state=lost', 'state: must be one of firing, acknowledged, resolved'],
    ['pipeline=A', 'pipeline: must be the name of a pipeline'],
    ['from=soon', 'from: must be an ISO 8601 date or time'],
    ['cursor=x', 'cursor is none that was given out here'],
    ['limit=0', 'limit: must be a whole number from 1 to 200'],
    ['color=red', 'color: unknown field'],
  ])('refuses ?%s: %s', async (query, detail) => {
    const { get, as } = await openAlerts()
    expect(await get(`/pipelines/alerts?${query}`, as('olga'))).toMatchObject({ status: 400, body: { detail } })
  })
})

describe('an alert', () => {
  test('is acknowledged with a reason, once, and shows by whom', async () => {
    const { raise, acknowledge, get, as, pseudonymOf, ledger } = await openAlerts()
    const alertId = await raise()
    const answer = await acknowledge('olga', alertId)
    expect([answer.status, answer.body]).toEqual([200, { alert_id: alertId, state: 'acknowledged' }])
    expect((await acknowledge('greta', alertId, { reason: 'me too' })).status).toBe(200)
    expect((await get(`/pipelines/alerts/${alertId}`, as('olga'))).body).toMatchObject({
      state: 'acknowledged',
      acknowledged: { at: new Date(nowMs).toISOString(), by: await pseudonymOf('olga'), reason: 'rolled back' },
    })
    expect(ledger.all.filter(({ type }) => type === 'AlertAcknowledged')).toHaveLength(1)
  })

  test('of a broken glass is acknowledged by somebody else than who broke it', async () => {
    const { breakGlass, acknowledge } = await openAlerts()
    const alertId = await breakGlass()
    expect(await acknowledge('adam', alertId)).toMatchObject({ status: 403, body: { title: 'SELF_APPROVAL' } })
    expect(await acknowledge('greta', alertId)).toMatchObject({ status: 200 })
  })

  test('of the ledger is acknowledged like any other', async () => {
    const { tamper, acknowledge, idsOf } = await openAlerts()
    await tamper()
    expect(await acknowledge('greta', integrityId)).toMatchObject({ status: 200 })
    expect(await idsOf('?kind=integrity&state=acknowledged')).toEqual([integrityId])
  })

  test('that is over, was never raised or is another tenant’s is not acknowledged', async () => {
    const { raise, resolve, acknowledge, get, as } = await openAlerts()
    const alertId = await raise()
    expect(await acknowledge('there', alertId)).toMatchObject({ status: 404, body: { title: 'ALERT_NOT_FOUND' } })
    await resolve(alertId)
    expect(await acknowledge('greta', alertId)).toMatchObject({ status: 409, body: { title: 'ALERT_RESOLVED' } })
    for (const other of ['x', alertId.replace(/1$/, '2'), integrityId, 'break-glass-x']) {
      expect(await acknowledge('greta', other)).toMatchObject({ status: 404, body: { title: 'ALERT_NOT_FOUND' } })
      expect(await get(`/pipelines/alerts/${other}`, as('olga'))).toMatchObject({ status: 404 })
    }
  })

  test('wants a reason, and a role that may', async () => {
    const { raise, acknowledge } = await openAlerts()
    const alertId = await raise()
    expect(await acknowledge('olga', alertId, {})).toMatchObject({ status: 400, body: { detail: 'reason: required' } })
    expect(await acknowledge('vera', alertId)).toMatchObject({ status: 403, body: { title: 'FORBIDDEN' } })
  })
})

test('alerts are told as they happen, all of them or those of a pipeline', async () => {
  const { raise, resolve, breakGlass, acknowledge, app, as } = await openAlerts()
  const open = async (query: string) =>
    new SseReader(await app.request(`/events?${query}`, { headers: { host: 'localhost:8000', ...as('olga') } }))
  const [all, ofFlights] = [await open('entity=alert'), await open('type=BreakGlassAlertRaised&pipeline=flights')]
  const alertId = await raise()
  await acknowledge('greta', alertId)
  await resolve(alertId)
  const glass = await breakGlass()
  const told = await all.take(4)
  expect(told.map(({ event, data }) => [event, data.type, data.data.alertId])).toEqual([
    ['SloAlertRaised', 'ledgerline.alert.SloAlertRaised', alertId],
    ['AlertAcknowledged', 'ledgerline.alert.AlertAcknowledged', alertId],
    ['SloAlertResolved', 'ledgerline.alert.SloAlertResolved', alertId],
    ['BreakGlassAlertRaised', 'ledgerline.alert.BreakGlassAlertRaised', glass],
  ])
  expect((await ofFlights.take(1)).map(({ data }) => data.data.alertId)).toEqual([glass])
  await Promise.all([all.cancel(), ofFlights.cancel()])
})
