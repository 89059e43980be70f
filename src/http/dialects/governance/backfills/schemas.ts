import { z } from 'zod'
import { concurrencyMax } from '../../../../domain/backfill/decide.ts'
import { approvalNeeded } from '../../../approval-needed.ts'
import { partitionField } from '../../../fields.ts'
import { reason } from '../../../reason.ts'
import { required, wholeNumber } from '../../../validate.ts'
import { environment } from '../manifests/schemas.ts'

const text = z.string()
const time = z.iso.datetime()
const backfillStatuses = [
  'awaiting_approval',
  'running',
  'paused',
  'canceling',
  'canceled',
  'completed',
  'rejected',
] as const

const concurrency = z
  .int('must be a whole number')
  .min(1, 'must be 1 or more')
  .max(concurrencyMax, `must be at most ${concurrencyMax}`)

export const backfillBody = z.strictObject({
  pipeline: text.meta({ description: "The pipeline's name or id" }),
  environment: environment.optional(),
  from: partitionField.optional().meta({ description: 'The first day or month' }),
  to: partitionField.optional().meta({ description: 'The last day or month, included' }),
  partitions: z
    .array(partitionField)
    .min(1, 'must name one at least')
    .optional()
    .meta({ description: 'Where the runs are not for days or months: which ones' }),
  parameters: z.record(text, z.json(), { error: required('an object') }).optional(),
  skip_succeeded: z.boolean().default(true).meta({ description: 'Leave out what has succeeded already' }),
  max_concurrency: concurrency.default(4).meta({ description: 'Runs at a time' }),
  reason: reason.optional(),
  dry_run: z.boolean().default(false).meta({ description: 'A preview: check everything, and change nothing' }),
})

export const backfillAnswer = z.strictObject({
  /** Null in a preview. */
  backfill_id: text.nullable(),
  pipeline: text,
  environment,
  manifest_version: text,
  status: z.enum(backfillStatuses),
  partitions: z.array(text),
  skipped: z.array(text),
  max_concurrency: z.int(),
  /** From the newest hundred runs that have succeeded; null where there are none. */
  estimate: z
    .strictObject({
      seconds_per_run: z.number(),
      seconds: z.number(),
      /** US dollars; null where no run tells its cost. */
      usd_per_run: z.number().nullable(),
      usd: z.number().nullable(),
      based_on: text,
    })
    .nullable(),
  /** What is made from what the pipeline writes, by runs that have succeeded; `depth` counts stages from 1. */
  downstream: z.strictObject({
    pipelines: z.array(z.strictObject({ pipeline: text, depth: z.int() })),
    datasets: z.int(),
    truncated: z.boolean(),
  }),
  approval: approvalNeeded,
  dry_run: z.boolean(),
})

const counts = z.strictObject({
  waiting: z.int(),
  queued: z.int(),
  running: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  canceled: z.int(),
  rejected: z.int(),
})

const short = z.strictObject({
  backfill_id: text,
  pipeline: text,
  environment: text,
  manifest_version: text,
  status: z.enum(backfillStatuses),
  total: z.int(),
  skipped: z.int(),
  max_concurrency: z.int(),
  requested_by: text,
  requested_at: time,
  started_at: time.nullable(),
  ended_at: time.nullable(),
  approval_id: text.nullable(),
})

export const backfillQuery = z.strictObject({
  limit: wholeNumber(1, 1_000).default(50),
  page: wholeNumber(1, 1_000_000).default(1),
})

export const backfillList = z.strictObject({ backfills: z.array(short), page: z.int(), per_page: z.int() })

export const backfillDetail = short.extend({
  progress: counts,
  partitions: z.array(z.strictObject({ partition: text, run_id: text.nullable(), status: text })),
})

export const backfillControlled = z.strictObject({ backfill_id: text, status: z.enum(backfillStatuses) })
