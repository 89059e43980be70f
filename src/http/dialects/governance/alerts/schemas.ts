import { z } from 'zod'
import { alertStates } from '../../../../../projections/alerts.ts'
import { alertKinds } from '../../../../domain/alert/ids.ts'
import { parseSlug } from '../../../../domain/ids.ts'
import { alertObjectives } from '../../../../domain/slo/alarm.ts'
import { reason } from '../../../reason.ts'
import { wholeNumber } from '../../../validate.ts'

const text = z.string()
const time = z.iso.datetime()
const figure = z.number().nullable()
const oneOf = <Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` })
const instant = z.union([z.iso.date(), z.iso.datetime({ offset: true })], { error: 'must be an ISO 8601 date or time' })

export const alertsQuery = z.strictObject({
  kind: oneOf(alertKinds).optional(),
  state: oneOf(alertStates).optional(),
  pipeline: text
    .refine((name) => parseSlug(name) !== undefined, 'must be the name of a pipeline')
    .meta({ description: 'Only about this pipeline' })
    .optional(),
  from: instant.meta({ description: 'Raised then or later' }).optional(),
  to: instant.meta({ description: 'Raised before' }).optional(),
  cursor: text.meta({ description: '`next` of the page before' }).optional(),
  limit: wholeNumber(1, 200).default(50),
})

export const alertShown = z.strictObject({
  alert_id: text,
  kind: z.enum(alertKinds),
  state: z.enum(alertStates),
  severity: z.enum(['burning', 'breached']).nullable(),
  pipeline: text.nullable(),
  environment: text.nullable(),
  detail: text,
  raised_at: time,
  acknowledged: z.strictObject({ at: time, by: text, reason: text.nullable() }).nullable(),
  resolved: z.strictObject({ at: time, detail: text }).nullable(),
  /** Of the kind `slo`. */
  slo: z
    .strictObject({
      objective: z.enum(alertObjectives),
      window_days: z.int(),
      figures: z.strictObject({
        objective: z.number(),
        actual: figure,
        burn_rate: z.strictObject({ last_hour: figure, last_6_hours: figure }),
        budget_left: figure,
        age_hours: figure,
      }),
    })
    .nullable(),
  /** Of the kind `break-glass`. */
  break_glass: z
    .strictObject({
      approval_id: text,
      target: z.strictObject({ kind: text, id: text }),
      command: text,
      by: text.meta({ description: 'A pseudonym' }),
      reason: text.nullable(),
    })
    .nullable(),
  /** Of the kind `integrity`. */
  integrity: z
    .strictObject({ log: text, from: z.int(), to: z.int(), event: text.nullable(), stream: text.nullable() })
    .nullable(),
})

export const alertList = z.strictObject({
  alerts: z.array(alertShown),
  next: text.nullable().meta({ description: 'The cursor to go on with; null at the end' }),
})

export const acknowledgeBody = z.strictObject({ reason })

export const alertAcknowledged = z.strictObject({ alert_id: text, state: z.enum(alertStates) })
