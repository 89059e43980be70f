import { z } from 'zod'
import { parsePartitionKey, parseRunId } from '../domain/ids.ts'
import { bareRunId } from './run-ids.ts'
import { required } from './validate.ts'

/** `run_x` and `x` are one id (DESIGN.md section 3). */
export const runIdField = z.string({ error: required('a string') }).transform((given, context) => {
  const id = parseRunId(bareRunId(given))
  if (id !== undefined) return id
  context.addIssue({ code: 'custom', message: 'must be 1 to 128 letters, digits, _ . -' })
  return z.NEVER
})

export const partitionField = z.string({ error: required('a string') }).transform((given, context) => {
  const key = parsePartitionKey(given)
  if (key !== undefined) return key
  const message = 'must be 1 to 64 letters, digits, _ . - and begin with a letter or digit'
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})
