import { z } from 'zod'
import type { JsonObject } from '../../../domain/json.ts'
import { partitionField, runIdField } from '../../fields.ts'
import { required, wholeNumber } from '../../validate.ts'
import { batchStatuses } from './translate.ts'

/** Control characters, and halves of characters. */
const unprintable = /[\p{Cc}\p{Surrogate}]/u
const configCharsMax = 256 * 1_024

const config = z
  .record(z.string(), z.json(), { error: required('an object') })
  .refine((value) => JSON.stringify(value).length <= configCharsMax, `must have at most ${configCharsMax} characters`)
  .transform((value): JsonObject => value)

/** `config.partition`, where it is given, is the partition; else the batch is. */
export const triggerBody = z
  .strictObject(
    {
      batch_id: z
        .string({ error: required('a string') })
        .min(1, 'must not be empty')
        .max(200, 'must have at most 200 characters')
        .refine((text) => !unprintable.test(text), 'must not hold control characters'),
      config: config.optional(),
      run_id: runIdField.optional(),
    },
    { error: (issue) => (issue.code === 'invalid_type' ? 'must be a JSON object' : undefined) },
  )
  .transform(({ batch_id, config: { partition, ...parameters } = {}, run_id }, context) => {
    const key = partitionField.safeParse(partition ?? batch_id)
    if (!key.success) {
      const path = partition === undefined || partition === null ? ['batch_id'] : ['config', 'partition']
      context.addIssue({ code: 'custom', path, message: key.error.issues[0]?.message ?? 'invalid' })
      return z.NEVER
    }
    return { batchId: batch_id, partition: key.data, parameters, runId: run_id }
  })

const limitMax = 1000

export const listQuery = z.strictObject({
  pipeline: z.string().optional(),
  status: z.enum(batchStatuses, { error: `must be one of ${batchStatuses.join(', ')}` }).optional(),
  batch_id: z.string().optional(),
  limit: wholeNumber(1, limitMax).default(20),
  page: wholeNumber(1, 1_000_000).default(1),
})

const batchStatus = z.enum(batchStatuses)
const time = z.iso.datetime()

export const triggered = z.strictObject({
  run_id: z.string(),
  pipeline: z.string(),
  status: z.literal('STARTED'),
  batch_id: z.string(),
  started_at: time,
})

const asset = z.strictObject({
  status: batchStatus,
  started_at: time.nullable(),
  ended_at: time.nullable(),
  output: z.json(),
})

export const statusAnswer = z.strictObject({
  run_id: z.string(),
  pipeline: z.string(),
  status: batchStatus,
  batch_id: z.string().nullable(),
  started_at: time,
  ended_at: time.nullable(),
  duration_seconds: z.number().nullable(),
  assets: z.record(z.string(), asset),
  error: z
    .strictObject({
      code: z.literal('PIPELINE_FAILED'),
      message: z.string(),
      details: z.strictObject({ failed_asset: z.string().nullable(), error: z.string().nullable() }),
    })
    .optional(),
})

const listedRun = z.strictObject({
  run_id: z.string(),
  pipeline: z.string(),
  status: batchStatus,
  batch_id: z.string().nullable(),
  started_at: time,
  duration_seconds: z.number().nullable(),
  error: z.string().nullable().optional(),
})

export const listed = z.strictObject({
  runs: z.array(listedRun),
  total: z.int(),
  page: z.int(),
  per_page: z.int(),
})

export const canceled = z.strictObject({
  run_id: z.string(),
  status: z.literal('CANCELING'),
  message: z.string(),
})

export const errorAnswer = z.strictObject({
  status: z.literal('error'),
  error: z.strictObject({ code: z.string(), message: z.string(), details: z.record(z.string(), z.json()).optional() }),
})
