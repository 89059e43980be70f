import { z } from 'zod'
import { approvalNeeded } from '../../../approval-needed.ts'
import { partitionField, runIdField } from '../../../fields.ts'
import { reason } from '../../../reason.ts'
import { required, wholeNumber } from '../../../validate.ts'
import { environment } from '../manifests/schemas.ts'

const runStatuses = [
  'awaiting_approval',
  'queued',
  'running',
  'paused',
  'canceling',
  'succeeded',
  'failed',
  'rejected',
  'canceled',
] as const

const text = z.string()
const time = z.iso.datetime()

export const replayBody = z.strictObject({
  run_id: runIdField.meta({ description: 'The run that is to be done again' }),
  contract_version: z
    .string({ error: required('a string') })
    .max(100, 'must have at most 100 characters')
    .nullable()
    .optional()
    .meta({ description: 'The version of the contract that the run was promised in; left out where it has none' }),
  partition: partitionField
    .nullable()
    .optional()
    .meta({ description: 'The partition of the run; left out where it has none' }),
  replay_run_id: runIdField.optional().meta({ description: 'The id of the new run; drawn, unless it is given' }),
  allow_succeeded: z.boolean().default(false).meta({ description: 'Do a run again that has succeeded' }),
  reason: reason.optional(),
  dry_run: z.boolean().default(false).meta({ description: 'Check everything, and change nothing' }),
})

export const replayAnswer = z.strictObject({
  /** Null in a dry run. */
  run_id: text.nullable(),
  replay_of: text,
  pipeline: text,
  environment: text,
  partition: text.nullable(),
  contract_version: text.nullable(),
  status: z.enum(['queued', 'awaiting_approval']),
  approval: approvalNeeded,
  /** What was checked against the ledger before. */
  checked: z.array(text),
  dry_run: z.boolean(),
})

export const runAnswer = z.strictObject({
  run_id: text,
  pipeline: text,
  environment: text,
  manifest_version: text,
  partition: text.nullable(),
  status: z.enum(runStatuses),
  replay_of: text.nullable(),
  approval_id: text.nullable(),
  requested_at: time,
  started_at: time.nullable(),
  ended_at: time.nullable(),
  attempt: z.int(),
  failed_stage: text.nullable(),
  error: text.nullable(),
})

export const runDetail = runAnswer.extend({
  /** Of a replay that has succeeded: what it made beside what the run that it repeats had made. */
  reconciliation: z
    .strictObject({
      replay_of: text,
      is_same: z.boolean(),
      stages: z.array(z.strictObject({ stage: text, rows_before: z.int().nullable(), rows_after: z.int() })),
      files: z.array(z.strictObject({ target: text, sha256_before: text.nullable(), sha256_after: text })),
    })
    .nullable(),
  parameters: z.record(text, z.json()),
  stages: z.array(
    z.strictObject({
      stage: text,
      status: text,
      started_at: time.nullable(),
      ended_at: time.nullable(),
      rows: z.int().nullable(),
      bytes: z.int().nullable(),
    }),
  ),
})

export const runQuery = z.strictObject({
  pipeline: text.optional(),
  status: z.enum(runStatuses, { error: `must be one of ${runStatuses.join(', ')}` }).optional(),
  limit: wholeNumber(1, 1_000).default(50),
  page: wholeNumber(1, 1_000_000).default(1),
})

export const runList = z.strictObject({
  runs: z.array(runAnswer),
  total: z.int(),
  page: z.int(),
  per_page: z.int(),
})

export const controlled = z.strictObject({ run_id: text, status: z.enum(runStatuses), rolled_back: z.array(text) })

export const startBody = z.strictObject({
  environment: environment.optional(),
  partition: partitionField.nullable().optional(),
  parameters: z.record(text, z.json(), { error: required('an object') }).optional(),
  run_id: runIdField.optional().meta({ description: 'The id of the run; drawn, unless it is given' }),
})

export const startAnswer = z.strictObject({
  run_id: text,
  pipeline: text,
  environment,
  manifest_version: text,
  /** Numbers of the overrides that apply. */
  overrides: z.array(z.int()),
  partition: text.nullable(),
  status: z.enum(runStatuses),
})
