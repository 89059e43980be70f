import { z } from 'zod'
import { required } from './validate.ts'

const reasonCharsMax = 200
const lineBreakOrControl = /\p{Cc}|\u2028|\u2029/u
const address = /\S@\S/

/** It stays in the ledger for good, readable: so it is short, and what is plainly an address of a person is refused. */
export const reason = z
  .string({ error: required('a text') })
  .trim()
  .min(1, 'must not be empty')
  .max(reasonCharsMax, `must have at most ${reasonCharsMax} characters`)
  .refine((text) => !lineBreakOrControl.test(text), 'must be one line')
  .refine((text) => !address.test(text), 'must not hold an e-mail address: it stays readable in the ledger for good')
  .meta({ description: 'Why, in one line. It stays readable in the ledger for good: name nobody in it' })
