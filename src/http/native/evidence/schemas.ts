import { z } from 'zod'
import { isUuid } from '../../../domain/ids.ts'
import { wholeNumber } from '../../validate.ts'

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
