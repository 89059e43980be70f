import { z } from 'zod'
import { callOutcomes } from '../../../domain/access/events.ts'
import { wholeNumber } from '../../validate.ts'

const time = z.iso.datetime()
const words = z.record(z.string(), z.string())

/** One event of a run. `origin` is null to those who may not open personal values, and where its actor was erased. */
const runEvent = z.strictObject({
  revision: z.int(),
  event_id: z.string(),
  type: z.string(),
  occurred_at: time,
  recorded_at: time,
  actor: z.string(),
  command: z.string(),
  command_id: z.string(),
  origin: z.string().nullable(),
  /** Whether the personal values of the actor were erased for good. */
  erased: z.boolean(),
  data: z.json(),
})

export const runHistory = z.strictObject({ run_id: z.string(), events: z.array(runEvent) })

const text = z.string()

export const pipelineList = z.strictObject({
  pipelines: z.array(
    z.strictObject({
      pipeline_id: text,
      slug: text,
      title: text.nullable(),
      description: text.nullable(),
      owner: text.nullable(),
      number: z.int(),
      version: text,
      manifest_hash: text,
      updated_at: time,
      staging: z.int().nullable(),
      prod: z.int().nullable(),
    }),
  ),
})

export const pipelineVersions = z.strictObject({
  slug: text,
  versions: z.array(
    z.strictObject({ number: z.int(), version: text, manifest_hash: text, created_at: time, actor: text }),
  ),
})

export const instant = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], { error: 'must be a date or an ISO 8601 time' })
  .transform((text) => new Date(text).toISOString())
  // A year of five digits does not sort with the others.
  .refine((text) => /^\d{4}-/.test(text), 'must be within the years 0 to 9999')

/** What is wrong with a type that none of the known ones is. */
export const noSuchType = (type: string, of: string, known: readonly string[]): string =>
  `'${type.slice(0, 64)}' is no type of ${of}; there are ${known.join(', ')}`

/** Nothing is in a period that ends before it begins: that is no answer, but a mistake. */
export const isPeriod = (
  { from, to }: { from?: string | undefined; to?: string | undefined },
  context: z.RefinementCtx,
) => {
  if (from === undefined || to === undefined || from < to) return
  context.addIssue({ code: 'custom', message: 'must be later than from', path: ['to'] })
}

export const accessQuery = z
  .strictObject({
    actor: z.string().min(1, 'must not be empty').optional(),
    from: instant.optional(),
    to: instant.optional(),
    outcome: z.enum(callOutcomes, { error: `must be one of ${callOutcomes.join(', ')}` }).optional(),
    limit: wholeNumber(1, 1000).default(100),
    page: wholeNumber(1, 1_000_000).default(1),
  })
  .superRefine(isPeriod)

const person = z.strictObject({ issuer: z.string(), subject: z.string(), name: z.string().nullable() }).nullable()

const call = z.strictObject({
  at: time,
  actor: z.string().nullable(),
  /** Who the pseudonym stands for; null where that is erased, or not for the reader's eyes. */
  person,
  /** Whether the personal values of the actor were erased for good. */
  erased: z.boolean(),
  on_behalf_of: z.string().nullable(),
  /** Who that stands for, likewise. */
  on_behalf_of_person: person,
  on_behalf_of_erased: z.boolean(),
  method: z.string().nullable(),
  operation: z.string(),
  resource: words,
  query: words,
  outcome: z.enum(callOutcomes),
  status: z.int().nullable(),
  duration_ms: z.number().nullable(),
  origin: z.string().nullable(),
  request_id: z.string(),
  reason: z.string().nullable(),
  policy: z.string().nullable(),
  count: z.int(),
})

export const accessAnswer = z.strictObject({
  calls: z.array(call),
  total: z.int(),
  page: z.int(),
  per_page: z.int(),
})
