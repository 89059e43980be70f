import { z } from 'zod'
import { environments } from '../../domain/pipeline/environments.ts'
import { alertObjectives } from '../../domain/slo/alarm.ts'
import { approvalTarget } from './approval.ts'
import { count, pipelineId, slug } from './common.ts'

const alertId = z.string()
const figure = z.number().nullable()
const figures = z.object({
  objective: z.number(),
  actual: figure,
  burnRate: z.object({ lastHour: figure, lastSixHours: figure }),
  budgetLeft: figure,
  ageHours: figure,
})
const subject = {
  alertId,
  pipelineId,
  pipeline: slug,
  environment: z.enum(environments),
  objective: z.enum(alertObjectives),
  detail: z.string(),
  windowDays: count,
}
const sloAlert = z.object({ ...subject, severity: z.enum(['burning', 'breached']), figures })

export const alertSchemas = {
  IntegrityAlertRaised: z.object({
    log: z.enum(['commands', 'access']),
    from: count,
    to: count,
    event: z.string().nullable(),
    stream: z.string().nullable(),
    detail: z.string(),
  }),
  SloAlertRaised: sloAlert,
  SloAlertEscalated: sloAlert,
  SloAlertResolved: z.object({ ...subject, figures: figures.nullable() }),
  BreakGlassAlertRaised: z.object({
    alertId,
    approvalId: z.string(),
    target: approvalTarget,
    pipeline: slug.nullable(),
    command: z.string(),
    by: z.string(),
  }),
  AlertAcknowledged: z.object({ alertId }),
}
