import type { Context } from 'hono'
import { subjectBy, subjectsAfter } from '../../../projections/access.ts'
import { isSealed } from '../../domain/sealed.ts'
import type { Env } from '../context.ts'
import type { Services } from '../services.ts'

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
  /** Pseudonyms of those whose subject or name it is; for a pseudonym, itself. */
  pseudonymsOf(actor: string): Promise<string[]>
}

export const openerFor = (c: Context<Env>, { policies, openSealed, views }: Services): Opener => {
  const { tenant, actor } = c.get('principal')
  const mayOpen = policies.decide({
    principal: { id: actor.pseudonym, kind: actor.kind, roles: c.get('roles'), tenant },
    action: 'OpenPersonalValues',
    resource: { tenant },
  }).allowed
  const people = new Map<string, Promise<Person | null>>()
  const opened = async (identity: string | undefined): Promise<Person | null> => {
    const text = identity === undefined || !mayOpen ? null : await openSealed(identity)
    return text === null ? null : (JSON.parse(text) as Person)
  }
  const person = (pseudonym: string): Promise<Person | null> => {
    const known = people.get(pseudonym)
    if (known) return known
    const found = opened(subjectBy(views, tenant, pseudonym)?.identity)
    people.set(pseudonym, found)
    return found
  }
  return {
    person,
    origin: async (origin) => (origin === null || !isSealed(origin) ? origin : mayOpen ? openSealed(origin) : null),
    pseudonymsOf: async (text) => {
      const pseudonyms = [text]
      if (!mayOpen) return pseudonyms
      for (let page = subjectsAfter(views, tenant, '', subjectsPage); page.length > 0; ) {
        for (const { pseudonym, identity } of page) {
          const found = await opened(identity)
          if (found?.subject === text || found?.name === text) pseudonyms.push(pseudonym)
        }
        page = subjectsAfter(views, tenant, page.at(-1)?.pseudonym ?? '', subjectsPage)
      }
      return pseudonyms
    },
  }
}
