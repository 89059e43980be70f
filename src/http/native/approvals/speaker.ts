import type { Context } from 'hono'
import { delegations, subjects } from '../../../app/aggregates.ts'
import type { Speaker } from '../../../domain/approval/commands.ts'
import { Rejection } from '../../../domain/codes.ts'
import { delegatedTo } from '../../../domain/delegation/decide.ts'
import type { Env } from '../../context.ts'
import type { Services } from '../../services.ts'

/**
 * Who speaks: who calls, for themselves or for whoever has delegated it to them, and then in the roles that were
 * delegated. Throws FORBIDDEN. The ledger is asked, not the views: what was revoked holds no more at once.
 */
export const speakerOf = async (
  c: Context<Env>,
  { commands }: Pick<Services, 'commands'>,
  from: string | undefined,
  at: string,
): Promise<Speaker> => {
  const { tenant, actor } = c.get('principal')
  const { pseudonym: by, kind, onBehalfOf = null } = actor
  if (from === undefined) return { by, kind, onBehalfOf, roles: c.get('roles') }
  if (onBehalfOf !== null) {
    throw new Rejection('FORBIDDEN', 'on_behalf_of: this token speaks for somebody already', { on_behalf_of: from })
  }
  const { identity, isErased } = (await commands.load(subjects, tenant, from)).state
  const roles = delegatedTo((await commands.load(delegations, tenant, from)).state, by, at)
  // Whoever is not there and whoever has delegated nothing get one answer: it tells nobody who is here.
  if (identity === null || isErased || roles.length === 0) {
    const message = `on_behalf_of: no delegation of '${from}' to you is in force`
    throw new Rejection('FORBIDDEN', message, { on_behalf_of: from })
  }
  return { by, kind, onBehalfOf: from, roles }
}
