import { z } from 'zod'
import { environment } from '../manifests/schemas.ts'

const text = z.string()
const time = z.iso.datetime()
const count = z.int()

const spread = z
  .strictObject({
    count,
    mean: z.number(),
    p50: z.number(),
    p90: z.number(),
    p95: z.number(),
    p99: z.number(),
    max: z.number(),
  })
  .nullable()

const figures = z.strictObject({
  runs: z.strictObject({ total: count, succeeded: count, failed: count, canceled: count, rejected: count }),
  /** Failed of those that succeeded or failed; null where there are none. */
  error_rate: z.number().nullable(),
  errors: z.array(z.strictObject({ code: text, count })),
  duration_seconds: spread,
  queue_seconds: spread,
  cost: z.strictObject({ usd: z.number(), runs: count.meta({ description: 'Of which a cost is recorded' }) }),
})

const period = { from: time, to: time, environment: environment.nullable() }

const volume = z.strictObject({
  rows_published: count.meta({ description: 'Rows of outputs, of runs that succeeded' }),
  bytes_read: count,
  bytes_written: count,
  compute_seconds: z.number(),
})

export const pipelineMetrics = figures.extend({
  pipeline: text,
  ...period,
  volume,
  stages: z.array(
    z.strictObject({
      stage: text,
      completed: count,
      failures: count,
      rows: count,
      bytes_read: count,
      bytes_written: count,
      compute_seconds: z.number(),
      mean_seconds: z.number().nullable(),
      max_seconds: z.number().nullable(),
    }),
  ),
})

export const allMetrics = z.strictObject({
  ...period,
  total: figures,
  volume,
  pipelines: z.array(figures.extend({ pipeline: text })),
})

export const runMetrics = z.strictObject({
  run_id: text,
  pipeline: text,
  environment,
  outcome: z.enum(['succeeded', 'failed', 'canceled', 'rejected']).nullable(),
  attempts: count,
  failed_attempts: count,
  queue_seconds: z.number().nullable(),
  duration_seconds: z.number().nullable(),
  error: z.strictObject({ code: text, stage: text.nullable() }).nullable(),
  cost_usd: z.number().nullable(),
  volume,
  stages: z.array(
    z.strictObject({
      stage: text,
      failures: count,
      rows: count.nullable(),
      bytes_read: count.nullable(),
      bytes_written: count.nullable(),
      compute_seconds: z.number().nullable(),
      duration_seconds: z.number().nullable(),
    }),
  ),
})
