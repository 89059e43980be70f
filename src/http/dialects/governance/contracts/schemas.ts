import { z } from 'zod'
import { compatibilities, isContractVersion } from '../../../../domain/contract/events.ts'
import { parseContractName } from '../../../../domain/ids.ts'
import { approvalNeeded } from '../../../approval-needed.ts'
import { reason } from '../../../reason.ts'
import { required } from '../../../validate.ts'

const text = z.string()
const json = z.record(text, z.json())
const compatibility = z.enum(compatibilities, { error: `must be one of ${compatibilities.join(', ')}` })

const schema = z
  .record(text, z.json(), { error: required('an object') })
  .meta({ description: "A JSON Schema 2020-12 of a table's rows" })

const name = z.string({ error: required('a text') }).transform((said, context) => {
  const parsed = parseContractName(said)
  if (parsed !== undefined) return parsed
  context.addIssue({
    code: 'custom',
    message: 'must be 1 to 100 of a-z, 0-9, _ and -, and start with a letter or digit',
  })
  return z.NEVER
})

const version = z
  .string({ error: required('a text') })
  .refine(isContractVersion, 'must be 1 to 64 letters, digits, . _ -, and start with a letter or digit')

export const registerBody = z.strictObject({
  name,
  version: version.meta({ description: 'A label such as `v3.2`, which no other version has' }),
  schema,
  compatibility: compatibility
    .optional()
    .meta({ description: 'By which it is checked; as the version before, unless it is given. The first: backward' }),
  reason: reason.optional(),
})

export const checkBody = z.strictObject({ schema, compatibility: compatibility.optional() })

const short = z.strictObject({
  number: z.int(),
  version: text,
  schema_hash: text,
  compatibility,
  registered_at: z.iso.datetime(),
  actor: text,
})

export const registered = z.strictObject({
  name: text,
  number: z.int(),
  version: text,
  schema_hash: text,
  compatibility,
  changed: z.boolean(),
  status: z.enum(['registered', 'awaiting_approval', 'unchanged']),
  approval: approvalNeeded,
  dry_run: z.boolean(),
})
export const contractList = z.strictObject({ contracts: z.array(short.extend({ name: text })) })
export const contractAnswer = z.strictObject({ name: text, schema: json, versions: z.array(short) })
export const contractVersion = registered
  .omit({ changed: true, status: true, approval: true, dry_run: true })
  .extend({ schema: json })
export const checkAnswer = z.strictObject({
  compatible: z.boolean(),
  compatibility,
  /** The version that it was compared with. */
  against: text,
  findings: z.array(z.strictObject({ path: text, rule: z.enum(['backward', 'forward']), message: text })),
})
