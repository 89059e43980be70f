import { z } from 'zod'
import { toldTypes } from '../../../../projections/event-history.ts'
import type { LogName } from '../../../app/ports/evidence.ts'
import { isUuid } from '../../../domain/ids.ts'
import { wholeNumber } from '../../validate.ts'
import { instant, isPeriod, noSuchType } from '../history/schemas.ts'

const size = wholeNumber(1, 999_999_999)
const hash = z.string().meta({ description: 'SHA-256: 64 hex digits' })

export const inclusionQuery = z.strictObject({
  event: z.string({ error: 'required' }).refine(isUuid, 'must be the id of an event').meta({ description: 'Its id' }),
  size: size.meta({ description: 'Leaves of the tree; without it, that of the newest checkpoint' }).optional(),
})

export const inclusionAnswer = z.strictObject({
  index: z.int(),
  size: z.int(),
  leaf: z.string().meta({ description: 'RFC 8785 JSON of the envelope: the leaf hash is SHA-256 of 0x00 and this' }),
  proof: z.array(hash),
  checkpoint: z.string().nullable().meta({ description: 'Signed note, where the size is that of the newest one' }),
})

export const consistencyQuery = z.strictObject({
  from: size.meta({ description: 'Leaves of the earlier tree' }),
  to: size.meta({ description: 'Leaves of the later tree; without it, that of the newest checkpoint' }).optional(),
})

export const consistencyAnswer = z.strictObject({ from: z.int(), to: z.int(), proof: z.array(hash) })

export const checkpointsQuery = z.strictObject({
  limit: wholeNumber(1, 1_000).default(100),
  cursor: size.meta({ description: '`next` of the page before: checkpoints of fewer leaves' }).optional(),
})

export const checkpointsAnswer = z.strictObject({
  checkpoints: z.array(
    z.strictObject({
      size: z.int().meta({ description: 'Leaves of its tree' }),
      root: hash,
      signed_at: z.iso.datetime().meta({ description: 'When the ledger recorded it' }),
      key: z.string().meta({ description: 'Id of the key that signed it, as in the verifier key: 8 hex digits' }),
      witnessed: z.boolean().meta({ description: 'Whether as many witnesses as are asked for have cosigned it' }),
      witnesses: z.array(z.string()).meta({ description: 'Names of those who have' }),
      note: z.string().meta({ description: 'The signed note, with their signatures' }),
    }),
  ),
  next: z.int().nullable().meta({ description: 'The cursor to go on with; null when nothing is listed' }),
  more: z.boolean(),
})

/** Types of what is a leaf of which log. */
const typesOf: Readonly<Record<LogName, readonly string[]>> = {
  commands: [...toldTypes, 'LedgerNamed'],
  access: ['ApiCallsRecorded'],
}

export const periodQuery = z
  .strictObject({
    from: instant.meta({ description: 'Recorded then or later' }),
    to: instant.meta({ description: 'Recorded before' }),
    type: z
      .string()
      .transform((text) => [...new Set(text.split(','))])
      .meta({ description: 'Whole events of these types only; of all others the envelope' })
      .optional(),
    log: z
      .enum(['commands', 'access'], { error: 'must be one of commands, access' })
      .default('commands')
      .meta({ description: 'access: the records of calls; takes ReadAccess too' }),
  })
  .superRefine(isPeriod)
  .superRefine(({ type = [], log }, context) => {
    const strange = type.find((each) => !typesOf[log].includes(each))
    if (strange === undefined) return
    const message = noSuchType(strange, 'events of this log', typesOf[log])
    context.addIssue({ code: 'custom', message, path: ['type'] })
  })

const time = z.iso.datetime()
const bounds = z.strictObject({
  jobs_max: z.int().meta({ description: 'Jobs of a tenant that are kept' }),
  bytes_max: z.int().meta({ description: 'Bytes of the results of a tenant that are kept' }),
  keep_seconds: z.int().meta({ description: 'How long a job is kept when it is done or has failed' }),
  part_leaves_max: z.int().meta({ description: 'Leaves in one bundle of a chain' }),
})

export const job = z.strictObject({
  id: z.string(),
  status: z.enum(['queued', 'running', 'done', 'failed']),
  log: z.enum(['commands', 'access']),
  from: time,
  to: time,
  types: z.array(z.string()).nullable(),
  created_at: time,
  finished_at: time.nullable(),
  expires_at: time.nullable().meta({ description: 'When it is removed; null while it is not finished' }),
  progress: z
    .strictObject({ leaves_done: z.int(), leaves_total: z.int(), parts: z.int() })
    .nullable()
    .meta({ description: 'Null until it is known how many leaves there are' }),
  result: z
    .strictObject({
      href: z.string(),
      media_type: z.string(),
      bytes: z.int(),
      parts: z.int(),
      leaves: z.int(),
      begin: time
        .nullable()
        .meta({ description: 'When the first checkpoint was signed; null: the beginning of the log' }),
      end: time.meta({ description: 'When the last checkpoint was signed' }),
    })
    .nullable(),
  failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  bounds,
})

export const jobList = z.strictObject({ jobs: z.array(job), bounds })
