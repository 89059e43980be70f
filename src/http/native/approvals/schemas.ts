import { z } from 'zod'
import { reason } from '../../reason.ts'
import { wholeNumber } from '../../validate.ts'

const statuses = ['pending', 'granted', 'rejected', 'expired', 'consumed'] as const
const text = z.string()
const time = z.iso.datetime()

export const decisionBody = z.strictObject({ reason })

export const approvalQuery = z.strictObject({
  status: z.enum(statuses, { error: `must be one of ${statuses.join(', ')}` }).optional(),
  mine: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .meta({ description: 'true: only what waits for one of your roles, and that you did not ask for' })
    .default('false'),
  target: text.meta({ description: 'Only of this run' }).optional(),
  limit: wholeNumber(1, 1_000).default(50),
  page: wholeNumber(1, 1_000_000).default(1),
})

const requirement = z.strictObject({ role: text, count: z.int(), granted: z.int() })

const voice = z.strictObject({
  word: z.enum(['granted', 'rejected', 'overridden']),
  by: text,
  on_behalf_of: text.nullable(),
  role: text,
  reason: text,
  at: time,
})

export const approvalShort = z.strictObject({
  approval_id: text,
  status: z.enum(statuses),
  target: z.strictObject({ kind: z.enum(['run', 'pipeline']), id: text }),
  requested_by: text,
  on_behalf_of: text.nullable(),
  requested_at: time,
  expires_at: time,
  closed_at: time.nullable(),
  required: z.array(requirement),
})

export const approvalAnswer = approvalShort.extend({
  /** As it will be carried out, to the letter. */
  command: z.record(text, z.json()),
  /** SHA-256 in hex over the RFC 8785 JSON of the command. */
  command_hash: text,
  /** What it changes, compared with what it is about; null where there is nothing to compare with. */
  diff: z.array(z.strictObject({ field: text, before: z.json(), after: z.json() })).nullable(),
  decisions: z.array(voice),
})

export const approvalList = z.strictObject({
  approvals: z.array(approvalShort),
  total: z.int(),
  page: z.int(),
  per_page: z.int(),
})

export const decided = z.strictObject({
  approval_id: text,
  status: z.enum(statuses),
  /** Of whom it still wants how many. */
  missing: z.array(z.strictObject({ role: text, count: z.int() })),
})
