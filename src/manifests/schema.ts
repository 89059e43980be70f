import { z } from 'zod'
import { parseSlug } from '../domain/ids.ts'
import { type Manifest, scoringSteps } from '../domain/pipeline/manifest.ts'
import {
  filePath,
  jsonObject,
  members,
  membersMax,
  name,
  oneOf,
  optionalNumber,
  optionalText,
  parameterName,
  sinkPath,
  sql,
  text,
} from './fields.ts'
import { type Problem, problemsOf } from './problems.ts'
import { checkReferences } from './references.ts'

const fileFormat = z.enum(['parquet', 'csv', 'json'])
const daySeconds = 86_400

const transformation = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ name, type: z.literal('sql'), sql }),
    z.strictObject({ name, type: z.literal('scoring'), step: z.enum(scoringSteps) }),
    z.strictObject({ name, type: z.literal('sleep'), seconds: z.number().min(0).max(daySeconds) }),
  ],
  oneOf('sql', 'scoring', 'sleep'),
)

const rowLimit = z.number().int().nonnegative().nullable().default(null)
const column = text.min(1)

/** Without defaults: the hash of a manifest that does not say them stays as it was. */
const onFailure = {
  on_failure: z.enum(['fail', 'reject']).exactOptional(),
  max_rejected_share: z.number().min(0).max(1).exactOptional(),
}
const failOnly = z
  .literal('fail', { error: "must be 'fail': a row_count has no rows of its own to reject" })
  .exactOptional()

const qualityCheck = z.discriminatedUnion(
  'type',
  [
    z.strictObject({
      name,
      type: z.literal('row_count'),
      on: name,
      min: rowLimit,
      max: rowLimit,
      on_failure: failOnly,
    }),
    z.strictObject({ name, type: z.literal('not_null'), on: name, column, ...onFailure }),
    z.strictObject({ name, type: z.literal('unique'), on: name, column, ...onFailure }),
    z.strictObject({ name, type: z.literal('expression'), on: name, sql, ...onFailure }),
  ],
  oneOf('row_count', 'not_null', 'unique', 'expression'),
)

const parameter = z.strictObject({
  type: z.enum(['string', 'integer', 'number', 'boolean']),
  default: z.json().default(null),
  minimum: optionalNumber,
  maximum: optionalNumber,
})

const orchestration = z.strictObject({
  engine: name.default('local'),
  partition: z
    .strictObject({ type: z.enum(['daily', 'monthly', 'any']), column: optionalText })
    .nullable()
    .default(null),
  retries: z.number().int().min(0).max(100).default(0),
  retry_delay_seconds: z.number().min(0).max(daySeconds).default(5),
  timeout_seconds: z
    .number()
    .positive()
    .max(7 * daySeconds)
    .default(3600),
  max_active_runs: z.number().int().positive().nullable().default(1),
})

const manifestFields: z.ZodType<Manifest> = z.strictObject({
  name: z
    .string()
    .refine(
      (slug) => parseSlug(slug) !== undefined,
      'must be 1 to 100 of a-z, 0-9, _ and -, start with a letter or digit, and be no reserved word',
    ),
  version: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, 'must be a version such as 1.0.0'),
  title: optionalText,
  description: optionalText,
  owner: optionalText,
  parameters: z.record(parameterName, parameter).default({}),
  sources: members(z.strictObject({ type: fileFormat, path: filePath })),
  transformations: z.array(transformation).max(membersMax).default([]),
  sinks: members(z.strictObject({ type: fileFormat, from: name, path: sinkPath })),
  quality_checks: z.array(qualityCheck).max(membersMax).default([]),
  orchestration: orchestration.prefault({}),
  slo: jsonObject.nullable().default(null),
  contract: jsonObject.nullable().default(null),
})

const manifestSchema = manifestFields.superRefine((manifest, context) => {
  for (const { path, message } of checkReferences(manifest)) context.addIssue({ code: 'custom', path, message })
})

/** The manifest with its defaults filled in, or everything that is wrong with it, each with the path it is at. */
export const parseManifest = (value: unknown): Parsed => parse(manifestSchema, value)

/** As `parseManifest`, but without a look at what its names refer to. */
export const parseStructure = (value: unknown): Parsed => parse(manifestFields, value)

type Parsed = { manifest: Manifest } | { problems: Problem[] }

const parse = (schema: z.ZodType<Manifest>, value: unknown): Parsed => {
  const parsed = schema.safeParse(value)
  return parsed.success ? { manifest: parsed.data } : { problems: problemsOf(parsed.error.issues) }
}
