import { z } from 'zod'
import { approvalTargets } from '../../../domain/approval/events.ts'
import { isPseudonym } from '../../../domain/sealed.ts'
import { reason } from '../../reason.ts'
import { required, wholeNumber } from '../../validate.ts'
import { instant } from '../history/schemas.ts'

const statuses = ['pending', 'granted', 'rejected', 'expired', 'withdrawn', 'consumed'] as const
const text = z.string()
const time = z.iso.datetime()

const pseudonym = z
  .string({ error: required('a pseudonym') })
  .refine(isPseudonym, 'must be a pseudonym, as approvals show them')

const forWhom = pseudonym.meta({
  description: 'Who has delegated it to you: you speak in the roles that they gave you',
})

export const decisionBody = z.strictObject({ reason, on_behalf_of: forWhom.optional() })
/** Who breaks the glass does it for nobody else. */
export const overrideBody = z.strictObject({ reason })

export const approvalQuery = z.strictObject({
  status: z.enum(statuses, { error: `must be one of ${statuses.join(', ')}` }).optional(),
  mine: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .meta({ description: 'true: only what waits for one of your roles, and that you did not ask for' })
    .default('false'),
  on_behalf_of: forWhom.optional(),
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
  target: z.strictObject({ kind: z.enum(approvalTargets), id: text }),
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

export const delegationBody = z.strictObject({
  to: pseudonym.meta({ description: 'Who is to decide for you' }),
  until: instant.meta({ description: 'A date or time within 366 days; from then on it holds no more' }),
  reason,
})

export const delegationQuery = z.strictObject({
  side: z
    .enum(['given', 'received'], { error: 'must be given or received' })
    .meta({ description: 'Only what you have delegated, or only what was delegated to you' })
    .optional(),
  limit: wholeNumber(1, 1_000).default(50),
  page: wholeNumber(1, 1_000_000).default(1),
})

export const delegation = z.strictObject({
  delegation_id: text,
  from: text,
  to: text,
  roles: z.array(text),
  reason: text,
  granted_at: time,
  until: time,
  revoked_at: time.nullable(),
  status: z.enum(['in_force', 'expired', 'revoked']),
})

export const delegationList = z.strictObject({
  /** Your pseudonym: who delegates to you has to name it. */
  you: text,
  delegations: z.array(delegation),
  total: z.int(),
  page: z.int(),
  per_page: z.int(),
})

export const revoked = z.strictObject({ delegation_id: text, status: z.literal('revoked') })
