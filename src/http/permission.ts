import type { Context } from 'hono'
import type { Action } from '../auth/actions.ts'
import { Rejection } from '../domain/codes.ts'
import type { Environment } from '../domain/pipeline/environments.ts'
import type { Env } from './context.ts'
import type { Services } from './services.ts'

/** Asks the policies again, once more is known than the route: another action, or where it is to happen. */
export const mayDo = (
  c: Context<Env>,
  { policies }: Pick<Services, 'policies'>,
  action: Action,
  environment?: Environment,
) => {
  const { tenant, actor } = c.get('principal')
  const principal = { id: actor.pseudonym, kind: actor.kind, roles: c.get('roles'), tenant }
  return policies.decide({ principal, action, resource: { tenant, ...(environment ? { environment } : {}) } })
}

/** Throws FORBIDDEN; what lets the caller do it is recorded as what let the call through. */
export const demand = (c: Context<Env>, services: Services, action: Action, environment?: Environment): void => {
  const { allowed, policy } = mayDo(c, services, action, environment)
  c.set('policy', policy)
  const where = environment === undefined ? '' : ` in ${environment}`
  if (!allowed) throw new Rejection('FORBIDDEN', `no policy lets you do this${where} (${action})`)
}
