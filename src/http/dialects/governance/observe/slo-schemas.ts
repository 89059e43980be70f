import { z } from 'zod'
import { wholeNumber } from '../../../validate.ts'
import { environment } from '../manifests/schemas.ts'

const text = z.string()
const share = z.number()
const rate = z.number().nullable()
const status = z.enum(['met', 'at_risk', 'breached', 'no_data'])
const windows = ['7d', '30d', '90d'] as const

export const windowDays: Record<(typeof windows)[number], number> = { '7d': 7, '30d': 30, '90d': 90 }

export const sloQuery = z.strictObject({
  window: z.enum(windows, { error: `must be one of ${windows.join(', ')}` }).default('30d'),
  environment: environment.default('dev'),
})

export const sloListQuery = sloQuery.extend({
  limit: wholeNumber(1, 200).default(50),
  page: wholeNumber(1, 1_000_000).default(1),
})

export const sloAnswer = z.strictObject({
  pipeline: text,
  environment,
  window: z.enum(windows),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  manifest_version: text.nullable().meta({ description: 'In force; null where none is in the environment' }),
  /** As the manifest in force defines them; null is not defined. */
  objectives: z.strictObject({
    success_rate: rate,
    max_duration_seconds: rate,
    freshness_hours: rate,
  }),
  ignored: z.array(text).meta({ description: "Names in the manifest's `slo` that are unknown or no fit number" }),
  status,
  success: z
    .strictObject({
      objective: share,
      actual: rate,
      runs: z.int(),
      budget: z.strictObject({
        allowed: z.number(),
        used: z.int(),
        left: z.number(),
        burn_rate: z.strictObject({ last_hour: rate, last_6_hours: rate, window: rate }),
      }),
      status,
    })
    .nullable(),
  duration: z
    .strictObject({
      max_seconds: z.number(),
      objective: share,
      actual: rate,
      runs: z.int(),
      within: z.int(),
      status,
    })
    .nullable(),
  freshness: z.strictObject({ max_hours: z.number(), age_hours: rate, status }).nullable(),
})

export const sloList = z.strictObject({
  slos: z.array(sloAnswer),
  total: z.int(),
  page: z.int(),
  per_page: z.int(),
})
