import type { Context } from 'hono'
import type { Action } from '../auth/actions.ts'
import { Rejection } from '../domain/codes.ts'
import type { Environment } from '../domain/pipeline/environments.ts'
import type { Env } from './context.ts'
import type { Services } from './services.ts'

/** Asks the policies again once it is known where something is to happen, and records the one that allowed it. */
export const mayIn = (c: Context<Env>, { policies }: Services, action: Action, environment: Environment): void => {
  const { tenant, actor } = c.get('principal')
  const { allowed, policy } = policies.decide({
    principal: { id: actor.pseudonym, kind: actor.kind, roles: c.get('roles'), tenant },
    action,
    resource: { tenant, environment },
  })
  c.set('policy', policy)
  if (!allowed) throw new Rejection('FORBIDDEN', `no policy lets you do this in ${environment} (${action})`)
}
