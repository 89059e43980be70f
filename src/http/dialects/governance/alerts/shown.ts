import type { z } from 'zod'
import type { AlertRow } from '../../../../../projections/alerts.ts'
import type { BreakGlassAlert, SloAlert } from '../../../../domain/alert/events.ts'
import type { alertShown } from './schemas.ts'

type Shown = z.input<typeof alertShown>

/** An alert of the views as it is answered. */
export const shownAlert = (row: AlertRow): Shown => ({
  alert_id: row.alert_id,
  kind: row.kind,
  state: row.state,
  severity: row.severity,
  pipeline: row.pipeline,
  environment: row.environment,
  detail: row.detail,
  raised_at: row.raised_at,
  acknowledged:
    row.acknowledged_at === null
      ? null
      : { at: row.acknowledged_at, by: row.acknowledged_by ?? '', reason: row.acknowledged_reason },
  resolved: row.resolved_at === null ? null : { at: row.resolved_at, detail: row.resolved_detail ?? '' },
  slo: row.kind === 'slo' ? sloOf(JSON.parse(row.about)) : null,
  break_glass: row.kind === 'break-glass' ? breakGlassOf(JSON.parse(row.about), row.reason) : null,
  integrity: row.kind === 'integrity' ? JSON.parse(row.about) : null,
})

const sloOf = ({ objective, windowDays, figures }: SloAlert): Shown['slo'] => ({
  objective,
  window_days: windowDays,
  figures: {
    objective: figures.objective,
    actual: figures.actual,
    burn_rate: { last_hour: figures.burnRate.lastHour, last_6_hours: figures.burnRate.lastSixHours },
    budget_left: figures.budgetLeft,
    age_hours: figures.ageHours,
  },
})

const breakGlassOf = (
  { approvalId, target, command, by }: BreakGlassAlert,
  reason: string | null,
): Shown['break_glass'] => ({ approval_id: approvalId, target, command, by, reason })
