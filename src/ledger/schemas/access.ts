import { z } from 'zod'
import { callOutcomes } from '../../domain/access/events.ts'
import { count, sealed } from './common.ts'

const text = z.string()
const words = z.record(text, text)

const call = z.object({
  at: text,
  actor: text.nullable(),
  onBehalfOf: text.nullable(),
  authMethod: text.nullable(),
  method: text,
  route: text,
  resource: words,
  query: words,
  outcome: z.enum(callOutcomes),
  status: count,
  durationMs: z.number(),
  origin: sealed.nullable(),
  requestId: text,
  reason: text.nullable(),
  policy: text.nullable(),
  count,
})

export const accessSchemas = {
  ApiCallsRecorded: z.object({ calls: z.array(call) }),
  SubjectRegistered: z.object({ pseudonym: text, identity: sealed }),
  LegalHoldPlaced: z.object({ pseudonym: text, holdId: text, reason: text }),
  LegalHoldReleased: z.object({ pseudonym: text, holdId: text }),
  SubjectErased: z.object({ pseudonym: text, reason: text, ticket: text.nullable() }),
}
