import type { Context } from 'hono'
import { subjectBy, subjectsAfter } from '../../../../projections/access.ts'
import { subjectStatus } from '../../../../projections/subjects.ts'
import { parseSealed } from '../../../domain/sealed.ts'
import type { Env } from '../../context.ts'
import { mayDo } from '../../permission.ts'
import type { Services } from '../../services.ts'

const subjectsPage = 1_000

/** Who a pseudonym stands for. */
interface Person {
  issuer: string
  subject: string
  name: string | null
}

/** Opens sealed values for one reader: to those who may not, and of those who were erased, they are null. */
export interface Opener {
  /** Components write their own names, which are no secret. */
  origin(origin: string | null): Promise<string | null>
  person(pseudonym: string): Promise<Person | null>
  /** A fact of the ledger, for every reader. */
  isErased(pseudonym: string): boolean
  /** Pseudonyms of those whose subject or name it is; for a pseudonym, itself. */
  pseudonymsOf(actor: string): Promise<string[]>
}

export const openerFor = (c: Context<Env>, services: Services): Opener => {
  const { openSealed, views } = services
  const { tenant } = c.get('principal')
  const mayOpen = mayDo(c, services, 'OpenPersonalValues').allowed
  const people = new Map<string, Promise<Person | null>>()
  const erased = new Map<string, boolean>()
  const isErased = (pseudonym: string): boolean => {
    const known = erased.get(pseudonym) ?? Boolean(subjectStatus(views, tenant, pseudonym)?.erasure)
    erased.set(pseudonym, known)
    return known
  }
  /** As soon as the views know of an erasure, even where a key is still in memory. */
  const openFor = async (pseudonym: string | undefined, sealed: string | undefined): Promise<string | null> =>
    sealed === undefined || pseudonym === undefined || !mayOpen || isErased(pseudonym) ? null : openSealed(sealed)
  const opened = async (pseudonym: string, identity: string | undefined): Promise<Person | null> => {
    const text = await openFor(pseudonym, identity)
    return text === null ? null : (JSON.parse(text) as Person)
  }
  const person = (pseudonym: string): Promise<Person | null> => {
    const known = people.get(pseudonym)
    if (known) return known
    const found = opened(pseudonym, subjectBy(views, tenant, pseudonym)?.identity)
    people.set(pseudonym, found)
    return found
  }
  return {
    person,
    isErased,
    origin: async (origin) => {
      const sealed = origin === null ? undefined : parseSealed(origin)
      return origin === null || sealed === undefined ? origin : openFor(sealed.pseudonym, origin)
    },
    pseudonymsOf: async (text) => {
      const pseudonyms = [text]
      if (!mayOpen) return pseudonyms
      for (let page = subjectsAfter(views, tenant, '', subjectsPage); page.length > 0; ) {
        for (const { pseudonym, identity } of page) {
          const found = await opened(pseudonym, identity)
          if (found?.subject === text || found?.name === text) pseudonyms.push(pseudonym)
        }
        page = subjectsAfter(views, tenant, page.at(-1)?.pseudonym ?? '', subjectsPage)
      }
      return pseudonyms
    },
  }
}
