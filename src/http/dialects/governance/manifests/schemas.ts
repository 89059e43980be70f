import { z } from 'zod'
import { environments } from '../../../../domain/pipeline/environments.ts'
import { overrideScopes } from '../../../../domain/pipeline/events.ts'
import { approvalNeeded } from '../../../approval-needed.ts'
import { runIdField } from '../../../fields.ts'
import { reason } from '../../../reason.ts'
import { required } from '../../../validate.ts'

const text = z.string()
const time = z.iso.datetime()
const json = z.record(text, z.json())
const dryRun = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .default('false')
  .transform((said) => said === 'true')
  .meta({ description: 'true: check everything, and change nothing' })
const number = z.int('must be a whole number').min(1, 'must be 1 or more')
export const environment = z.enum(environments, { error: `must be one of ${environments.join(', ')}` })

/** The manifest itself, or its text. */
const given = z.union([json, z.string()], { error: required('an object, or a text of YAML') })

export const manifestBody = z.strictObject({ manifest: given.meta({ description: 'An object, or a text of YAML' }) })
export const dryRunQuery = z.strictObject({ dry_run: dryRun })
export const deleteQuery = z.strictObject({ dry_run: dryRun, reason })
export const effectiveQuery = z.strictObject({ environment: environment.optional() })
export const overrideBody = z.strictObject({
  patch: z
    .record(text, z.json(), { error: required('an object') })
    .meta({ description: 'A JSON Merge Patch (RFC 7396) on the manifest' }),
})

const versionNumber = z
  .string({ error: required('a number') })
  .regex(/^[1-9]\d{0,8}$/, 'must be the number of a version')
  .transform(Number)

export const diffQuery = z.strictObject({ from: versionNumber, to: versionNumber })

export const promoteBody = z.strictObject({
  to: environment,
  number: number
    .optional()
    .meta({ description: 'Of the version; the one in the environment before, unless it is given' }),
  run_id: runIdField
    .optional()
    .meta({ description: 'The run with which it has succeeded in the environment before; found, unless it is given' }),
  reason: reason.optional(),
})

const finding = z.strictObject({
  path: text,
  rule: text,
  severity: z.enum(['error', 'warning']),
  message: text,
})
export const validation = z.strictObject({ valid: z.boolean(), findings: z.array(finding) })

const inEnvironment = z.strictObject({
  environment,
  number: z.int().nullable(),
  version: text.nullable(),
  overrides: z.array(z.strictObject({ number: z.int(), scope: z.enum(overrideScopes) })),
})

const manifestShort = z.strictObject({
  pipeline_id: text,
  pipeline: text,
  title: text.nullable(),
  owner: text.nullable(),
  number: z.int(),
  version: text,
  manifest_hash: text,
  updated_at: time,
  staging: z.int().nullable(),
  prod: z.int().nullable(),
})
export const manifestList = z.strictObject({ manifests: z.array(manifestShort) })

export const written = z.strictObject({
  pipeline_id: text,
  pipeline: text,
  number: z.int(),
  version: text,
  manifest_hash: text,
  /** False when there was nothing to do. */
  changed: z.boolean(),
  dry_run: z.boolean(),
})

export const manifestAnswer = z.strictObject({
  pipeline_id: text,
  pipeline: text,
  number: z.int(),
  version: text,
  manifest_hash: text,
  environment,
  overrides: z.array(z.int()),
  /** As its author gave it, with defaults filled in. */
  base: json,
  /** With the overrides on top: what runs. */
  effective: json,
  environments: z.array(inEnvironment),
})

export const versionList = z.strictObject({
  pipeline: text,
  versions: z.array(
    z.strictObject({
      number: z.int(),
      version: text,
      manifest_hash: text,
      created_at: time,
      actor: text,
    }),
  ),
})

export const diffAnswer = z.strictObject({
  pipeline: text,
  from: z.int(),
  to: z.int(),
  changes: z.array(
    z.strictObject({
      path: text,
      op: z.enum(['add', 'remove', 'replace']),
      before: z.json().optional(),
      after: z.json().optional(),
    }),
  ),
})

export const overrideAnswer = z.strictObject({
  pipeline: text,
  scope: z.enum(overrideScopes),
  number: z.int().nullable(),
  patch: json.nullable(),
  /** What runs with it, by environment that it is for. */
  effective: z.array(z.strictObject({ environment, manifest: json })),
  dry_run: z.boolean(),
})

export const promotionAnswer = z.strictObject({
  pipeline: text,
  number: z.int(),
  version: text,
  from: environment,
  to: environment,
  run_id: text,
  status: z.enum(['promoted', 'awaiting_approval', 'unchanged']),
  approval: approvalNeeded,
  dry_run: z.boolean(),
})

export const lineageAnswer = z.strictObject({
  pipeline: text,
  events: z.array(z.strictObject({ event: text, type: text, at: time, actor: text, summary: text })),
})
