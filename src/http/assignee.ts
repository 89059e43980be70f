import { z } from 'zod'
import { roles } from '../auth/principal.ts'
import { isPseudonym } from '../domain/sealed.ts'
import { required } from './validate.ts'

const isRole = (text: string): boolean => roles.some((role) => role === text)

/** To whom something is given: never by a name, which would stay readable in the ledger for good. */
export const assignee = z
  .string({ error: required('a text or null') })
  .refine(
    (text) => text === 'me' || isRole(text) || isPseudonym(text),
    `must be me, a pseudonym or one of ${roles.join(', ')}`,
  )
  .meta({ description: '`me`, a pseudonym, or a role' })
