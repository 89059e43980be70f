import { z } from 'zod'
import { deadLetterSources } from '../../../../domain/dead-letter/events.ts'
import { environments } from '../../../../domain/pipeline/environments.ts'
import { approvalNeeded } from '../../../approval-needed.ts'
import { assignee } from '../../../assignee.ts'
import { instant } from '../../../native/history/schemas.ts'
import { reason } from '../../../reason.ts'
import { wholeNumber } from '../../../validate.ts'

export const entriesMax = 500
const statuses = ['open', 'retrying', 'resolved', 'discarded'] as const
const text = z.string()
const time = z.iso.datetime()

const oneOf = <Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` })
const word = (charsMax: number) =>
  z.string().min(1, 'must not be empty').max(charsMax, `must have at most ${charsMax} characters`)

const filters = {
  source: oneOf(deadLetterSources).meta({ description: 'What the entries are of' }).optional(),
  pipeline: word(100).optional(),
  environment: oneOf(environments).optional(),
  partition: word(64).optional(),
  code: word(200).meta({ description: 'Code of the error; of rows, name of the check' }).optional(),
  text: word(200).meta({ description: 'Part of the reason' }).optional(),
  assignee: assignee.optional(),
  run: word(160).meta({ description: 'Of this run, or tried again or resolved by it' }).optional(),
  from: instant.meta({ description: 'Recorded then or later' }).optional(),
  to: instant.meta({ description: 'Recorded before' }).optional(),
}

export const entryQuery = z.strictObject({
  status: oneOf(statuses).optional(),
  ...filters,
  limit: wholeNumber(1, entriesMax).default(50),
  cursor: text.meta({ description: '`next` of the page before' }).optional(),
})

const filter = z
  .strictObject(filters)
  .refine((given) => Object.keys(given).length > 0, 'must name something; say all to mean all')

const chosen = {
  filter: filter.meta({ description: 'Open entries of which all of this holds' }).optional(),
  all: z.literal(true, { error: 'must be true' }).meta({ description: 'All open entries' }).optional(),
  dry_run: z.boolean().default(false).meta({ description: 'Check everything, and change nothing' }),
}
const isChosen = ({ filter, all }: { filter?: unknown; all?: unknown }) =>
  (filter === undefined) !== (all === undefined)
const choiceProblem = { message: 'either filter or all', path: ['filter'] }

export const retryManyBody = z.strictObject({ ...chosen, reason: reason.optional() }).refine(isChosen, choiceProblem)
export const discardManyBody = z.strictObject({ ...chosen, reason }).refine(isChosen, choiceProblem)
export const assignBody = z.strictObject({
  assignee: assignee.nullable().meta({ description: '`me`, a pseudonym or a role; null for nobody' }),
  reason: reason.optional(),
})
export const retryBody = z.strictObject({ reason: reason.optional() })
export const discardBody = z.strictObject({ reason })

export const rowsQuery = z.strictObject({
  offset: wholeNumber(0, 100_000_000).meta({ description: 'Of rows: from this one on, counted from 0' }).default(0),
  limit: wholeNumber(1, 1_000).default(100),
})

const payload = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), run_id: text }),
  z.strictObject({ kind: z.literal('file'), path: text, table: text }),
  z.strictObject({ kind: z.literal('delivery'), delivery_id: text }),
])

export const entryAnswer = z.strictObject({
  entry_id: text,
  source: z.enum(deadLetterSources),
  status: z.enum(statuses),
  pipeline: text.nullable(),
  environment: text.nullable(),
  partition: text.nullable(),
  run_id: text.nullable(),
  stage: text.nullable(),
  code: text,
  reason: text,
  count: z.int(),
  payload,
  assignee: text.nullable(),
  retries: z.int(),
  /** The last run, or the delivery, with which it was tried again; and the one that made it good. */
  retried_by: text.nullable(),
  resolved_by: text.nullable(),
  discard_reason: text.nullable(),
  recorded_at: time,
  updated_at: time,
})

export const entryList = z.strictObject({
  entries: z.array(entryAnswer),
  /** Of what the filter lets through, whatever its status. */
  totals: z.strictObject({ open: z.int(), retrying: z.int(), resolved: z.int(), discarded: z.int() }),
  next: text.nullable(),
})

export const entryDetail = entryAnswer.extend({
  decisions: z.array(
    z.strictObject({
      decision: z.enum(['recorded', 'assigned', 'retried', 'reopened', 'resolved', 'discarded']),
      at: time,
      actor: text,
      on_behalf_of: text.nullable(),
      reason: text.nullable(),
      /** The assignee, or the run or delivery. */
      detail: text.nullable(),
      event_id: text,
    }),
  ),
})

export const payloadAnswer = z.strictObject({
  entry_id: text,
  payload,
  /** Where the run or the message is; null for rows, which are here. */
  href: text.nullable(),
  count: z.int(),
  rows: z.array(z.record(text, z.json())).nullable(),
  /** Rows in this part that are too long to be shown. */
  left_out: z.int(),
  next_offset: z.int().nullable(),
})

export const decidedAnswer = z.strictObject({
  entry_id: text,
  status: z.enum(statuses),
  assignee: text.nullable(),
})

export const retriedAnswer = z.strictObject({
  entry_id: text,
  status: z.literal('retrying'),
  run_id: text.nullable(),
  delivery_id: text.nullable(),
  approval: approvalNeeded,
})

export const manyAnswer = z.strictObject({
  entries: z.array(
    z.strictObject({
      entry_id: text,
      outcome: z.enum(['retried', 'awaiting_approval', 'discarded', 'refused']),
      run_id: text.nullable(),
      delivery_id: text.nullable(),
      approval_id: text.nullable(),
      /** Why it was refused. */
      code: text.nullable(),
      reason: text.nullable(),
    }),
  ),
  /** Open ones that the filter lets through beside these. */
  remaining: z.int(),
  dry_run: z.boolean(),
})
