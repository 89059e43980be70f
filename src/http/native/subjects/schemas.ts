import { z } from 'zod'
import { reason } from '../../reason.ts'
import { required } from '../../validate.ts'

const ticketPattern = /^[A-Za-z0-9][A-Za-z0-9._#/:-]{0,63}$/
const ticket = z
  .string({ error: required('a text') })
  .regex(ticketPattern, 'must have 1 to 64 letters, digits and . _ # / : -')
  .meta({ description: 'Where it was asked for, in a system of yours' })

export const erasureBody = z.strictObject({ reason, ticket: ticket.optional() })
export const holdBody = z.strictObject({ reason })

const time = z.iso.datetime()
const text = z.string()

export const hold = z.strictObject({ hold_id: text, reason: text, placed_at: time, placed_by: text })

export const releasedHold = z.strictObject({ hold_id: text, status: z.literal('RELEASED') })

export const subjectAnswer = z.strictObject({
  pseudonym: text,
  state: z.enum(['active', 'erased']),
  registered_at: time,
  erased_at: time.nullable(),
  /** In force, oldest first. */
  holds: z.array(hold),
})

/** The answer's bytes are its RFC 8785 form. */
export const certificate = z.strictObject({
  tenant: text,
  pseudonym: text,
  erased_at: time,
  /** A pseudonym. */
  erased_by: text,
  reason: text,
  ticket: text.nullable(),
  event_id: text,
  stream: text,
  revision: z.int(),
  /** A Ledger-Position. */
  position: text,
  meaning: text,
})
