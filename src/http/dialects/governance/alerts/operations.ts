import type { Context } from 'hono'
import { alertById, listAlerts } from '../../../../../projections/alert-queries.ts'
import { alerts, breakGlassAlerts, sloAlerts } from '../../../../app/aggregates.ts'
import type { CommandContext } from '../../../../app/context.ts'
import { alertNotFound } from '../../../../domain/alert/acknowledge.ts'
import { alertPlaceOf } from '../../../../domain/alert/ids.ts'
import { commandContext, type Env } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { acknowledgeBody, alertAcknowledged, alertList, alertShown, alertsQuery } from './schemas.ts'
import { shownAlert } from './shown.ts'

const parameters = { alert_id: 'the alert' }

/** `/pipelines/alerts`: what somebody should know of. */
export const alertOperations = (services: Services): Operation[] => [
  list(services),
  look(services),
  acknowledge(services),
]

const list = ({ reads, views }: Services): Operation =>
  operation({
    method: 'get',
    path: '/alerts',
    summary: 'Alerts, newest first: missed objectives, approvals that were overridden, a ledger that was changed',
    action: 'ReadAlerts',
    kind: 'query',
    parameters: {},
    query: alertsQuery,
    answers: { 200: { description: 'a page of alerts', schema: alertList } },
    codes: [],
    handle: async (c, { query: { limit, cursor, kind, state, pipeline, from, to } }) => {
      await reads.beforeRead(c)
      const below = cursor === undefined ? null : Number(reads.positions.open(cursor, 'cursor'))
      const filter = {
        ...(kind === undefined ? {} : { kind }),
        ...(state === undefined ? {} : { state }),
        ...(pipeline === undefined ? {} : { pipeline }),
        ...(from === undefined ? {} : { from: isoOf(from) }),
        ...(to === undefined ? {} : { to: isoOf(to) }),
      }
      const rows = listAlerts(views, c.get('principal').tenant, filter, { below, limit: limit + 1 })
      const page = rows.slice(0, limit)
      const last = rows.length > limit ? page.at(-1) : undefined
      return c.json({ alerts: page.map(shownAlert), next: last ? reads.seal(BigInt(last.position)) : null })
    },
  })

const isoOf = (time: string): string => new Date(Date.parse(time)).toISOString()

const look = ({ reads, views }: Services): Operation =>
  operation({
    method: 'get',
    path: '/alerts/{alert_id}',
    summary: 'An alert: what it is about, who has seen to it, and whether it is over',
    action: 'ReadAlerts',
    kind: 'query',
    parameters,
    answers: { 200: { description: 'the alert', schema: alertShown } },
    codes: ['ALERT_NOT_FOUND'],
    handle: async (c) => {
      await reads.beforeRead(c)
      const alertId = alertIdIn(c)
      const row = alertById(views, c.get('principal').tenant, alertId)
      if (!row) throw alertNotFound(alertId)
      return c.json(shownAlert(row))
    },
  })

const acknowledge = (services: Services): Operation =>
  operation({
    method: 'post',
    path: '/alerts/{alert_id}/acknowledge',
    summary: 'Say that somebody has seen to it, and what is done about it',
    action: 'AcknowledgeAlert',
    kind: 'command',
    parameters,
    body: acknowledgeBody,
    answers: { 200: { description: 'it was taken down', schema: alertAcknowledged } },
    codes: ['ALERT_NOT_FOUND', 'ALERT_RESOLVED', 'SELF_APPROVAL'],
    handle: async (c, { body: { reason } }) => {
      const { reads, nowMs } = services
      const alertId = alertIdIn(c)
      const context = commandContext(c, 'governance', { alertId, reason }, nowMs())
      const handled = await handleAcknowledge(services, alertId, { ...context, reason })
      reads.wrote(c, handled)
      return c.json({ alert_id: alertId, state: 'acknowledged' as const })
    },
  })

/** Each kind is decided in its own stream, which the alert's id names. */
const handleAcknowledge = ({ commands }: Services, alertId: string, context: CommandContext) => {
  const place = alertPlaceOf(alertId)
  if (!place) throw alertNotFound(alertId)
  const { pseudonym, onBehalfOf } = context.actor
  const by = onBehalfOf === undefined ? [pseudonym] : [pseudonym, onBehalfOf]
  const command = { type: 'AcknowledgeAlert' as const, alertId, by }
  const { kind, streamId } = place
  if (kind === 'slo') return commands.handle(sloAlerts, streamId, command, context)
  if (kind === 'break-glass') return commands.handle(breakGlassAlerts, streamId, command, context)
  return commands.handle(alerts, streamId, command, context)
}

const alertIdIn = (c: Context<Env>): string => c.get('params').alert_id ?? ''
