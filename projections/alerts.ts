import type { AlertKind } from '../src/domain/alert/ids.ts'
import { breakGlassAlertId, integrityAlertId } from '../src/domain/alert/ids.ts'
import { put, type Seen, type SqlValue, type Statement, update, type View } from './projection.ts'

export const alertsTable = 'alerts_v2'
export const sloPipelinesTable = 'slo_pipelines_v2'
export const brokenGlassTable = 'broken_glass_v2'

export const alertStates = ['firing', 'acknowledged', 'resolved'] as const
export type AlertState = (typeof alertStates)[number]

/** Times are ISO 8601; `position` is where it was raised; `about` is JSON: what its event says of its own kind. */
export interface AlertRow {
  tenant: string
  alert_id: string
  position: number
  kind: AlertKind
  state: AlertState
  severity: 'burning' | 'breached' | null
  pipeline: string | null
  environment: string | null
  /** Of which objective, as `<pipeline id> <environment> <objective>`; null of other kinds. */
  subject: string | null
  detail: string
  about: string
  /** Why, where somebody said so. */
  reason: string | null
  raised_at: string
  acknowledged_at: string | null
  acknowledged_by: string | null
  acknowledged_reason: string | null
  resolved_at: string | null
  resolved_detail: string | null
}

type Own = Pick<AlertRow, 'alert_id' | 'kind' | 'detail' | 'about'> &
  Partial<Pick<AlertRow, 'severity' | 'pipeline' | 'environment' | 'subject'>>

const keyOf = (seen: Seen, alertId: string) => ({ tenant: seen.metadata.tenant, alert_id: alertId })

const raised = (seen: Seen, own: Own): Statement => {
  const row: AlertRow = {
    tenant: seen.metadata.tenant,
    position: Number(seen.position),
    state: 'firing',
    severity: null,
    pipeline: null,
    environment: null,
    subject: null,
    reason: seen.metadata.reason ?? null,
    raised_at: seen.metadata.occurredAt,
    acknowledged_at: null,
    acknowledged_by: null,
    acknowledged_reason: null,
    resolved_at: null,
    resolved_detail: null,
    ...own,
  }
  return put(alertsTable, row)
}

const changed = (seen: Seen, alertId: string, changes: Record<string, SqlValue>): Statement =>
  update(alertsTable, keyOf(seen, alertId), changes)

export const subjectOf = (pipelineId: string, environment: string, objective: string): string =>
  `${pipelineId} ${environment} ${objective}`

const aboutSlo = ({ event: { data } }: Seen<'SloAlertRaised' | 'SloAlertEscalated'>): string => {
  const { objective, windowDays, figures } = data
  return JSON.stringify({ objective, windowDays, figures })
}

const sloRaised = (seen: Seen<'SloAlertRaised'>): Statement[] => {
  const { alertId, pipelineId, pipeline, environment, objective, severity, detail } = seen.event.data
  const subject = subjectOf(pipelineId, environment, objective)
  const about = aboutSlo(seen)
  return [raised(seen, { alert_id: alertId, kind: 'slo', severity, pipeline, environment, subject, detail, about })]
}

const integrityRaised = (seen: Seen<'IntegrityAlertRaised'>): Statement[] => {
  const { detail, ...about } = seen.event.data
  const alert_id = integrityAlertId(about.log, about)
  return [raised(seen, { alert_id, kind: 'integrity', detail, about: JSON.stringify(about) })]
}

const breakGlassRaised = (seen: Seen<'BreakGlassAlertRaised'>): Statement[] => {
  const { alertId, pipeline, ...about } = seen.event.data
  const detail = `an approval of ${about.command} was given by one person alone`
  const key = { alert_id: alertId, kind: 'break-glass' as const }
  return [
    raised(seen, { ...key, pipeline, detail, about: JSON.stringify(about) }),
    [
      `delete from ${brokenGlassTable} where tenant = ? and approval_id = ?`,
      seen.metadata.tenant,
      seen.event.data.approvalId,
    ],
  ]
}

const overridden = (seen: Seen<'ApprovalOverridden'>): Statement[] => {
  const { approvalId } = seen.event.data
  const { tenant, correlationId } = seen.metadata
  return [
    [
      `insert into ${brokenGlassTable} (tenant, approval_id, correlation_id, event_id) select ?, ?, ?, ?
        where not exists (select 1 from ${alertsTable} where tenant = ? and alert_id = ?) on conflict do nothing`,
      ...[tenant, approvalId, correlationId, seen.id],
      ...[tenant, breakGlassAlertId(approvalId)],
    ],
  ]
}

const watched = (seen: Seen, pipelineId: string): Statement[] => [
  put(sloPipelinesTable, { tenant: seen.metadata.tenant, pipeline_id: pipelineId }),
]

const versioned = (seen: Seen<'PipelineCreated' | 'ManifestVersioned'>): Statement[] =>
  seen.event.data.manifest.slo === null ? [] : watched(seen, seen.event.data.pipelineId)

/** What is or was alarming, and what may become so. */
export const alertsView: View = {
  name: 'alerts',
  version: 2,
  tables: [alertsTable, sloPipelinesTable, brokenGlassTable],
  schema: [
    `create table if not exists ${alertsTable} (
      tenant text, alert_id text, position integer, kind text, state text, severity text, pipeline text,
      environment text, subject text, detail text, about text, reason text, raised_at text, acknowledged_at text,
      acknowledged_by text, acknowledged_reason text, resolved_at text, resolved_detail text,
      primary key (tenant, alert_id)) without rowid`,
    `create index if not exists ${alertsTable}_recent on ${alertsTable} (tenant, position)`,
    `create index if not exists ${alertsTable}_pipeline on ${alertsTable} (tenant, pipeline, position)
      where pipeline is not null`,
    `create index if not exists ${alertsTable}_subject on ${alertsTable} (tenant, subject, position)
      where subject is not null`,
    `create index if not exists ${alertsTable}_firing on ${alertsTable} (state) where state = 'firing'`,
    `create table if not exists ${sloPipelinesTable} (
      tenant text, pipeline_id text, primary key (tenant, pipeline_id)) without rowid`,
    `create table if not exists ${brokenGlassTable} (
      tenant text, approval_id text, correlation_id text, event_id text,
      primary key (tenant, approval_id)) without rowid`,
  ],
  handlers: {
    PipelineCreated: versioned,
    ManifestVersioned: versioned,
    OverrideApplied: (seen) => ('slo' in seen.event.data.patch ? watched(seen, seen.event.data.pipelineId) : []),
    ApprovalOverridden: overridden,
    SloAlertRaised: sloRaised,
    SloAlertEscalated: (seen) => {
      const { alertId, severity, detail } = seen.event.data
      return [changed(seen, alertId, { severity, detail, about: aboutSlo(seen) })]
    },
    SloAlertResolved: (seen) => {
      const { alertId, detail } = seen.event.data
      const over = { state: 'resolved', resolved_at: seen.metadata.occurredAt, resolved_detail: detail }
      return [changed(seen, alertId, over)]
    },
    BreakGlassAlertRaised: breakGlassRaised,
    IntegrityAlertRaised: integrityRaised,
    AlertAcknowledged: (seen) => {
      const { occurredAt, actor, reason = null } = seen.metadata
      const by = { acknowledged_at: occurredAt, acknowledged_by: actor.pseudonym, acknowledged_reason: reason }
      return [changed(seen, seen.event.data.alertId, { state: 'acknowledged', ...by })]
    },
  },
}
