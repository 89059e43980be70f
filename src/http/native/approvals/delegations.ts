import type { z } from 'zod'
import { listDelegations } from '../../../../projections/delegations.ts'
import { delegations, subjects } from '../../../app/aggregates.ts'
import { uuidv5 } from '../../../app/ids.ts'
import { Rejection } from '../../../domain/codes.ts'
import type { Actor } from '../../../domain/metadata.ts'
import { isPseudonym } from '../../../domain/sealed.ts'
import { commandContext } from '../../context.ts'
import { type Operation, operation } from '../../operation.ts'
import type { Services } from '../../services.ts'
import { delegation, delegationBody, delegationList, delegationQuery, revoked } from './schemas.ts'

const name = 'approvals'
const path = '/delegations'

/** `/evidence/approvals/delegations`: who decides approvals for whom, and until when. */
export const delegationOperations = (services: Services): Operation[] => [
  grant(services),
  list(services),
  revoke(services),
]

const grant = ({ commands, reads, nowMs }: Services): Operation =>
  operation({
    method: 'post',
    kind: 'command',
    action: 'DelegateApproval',
    path,
    summary: 'Let somebody else decide approvals in your roles, until an end',
    parameters: {},
    body: delegationBody,
    answers: { 201: { description: 'the delegation', schema: delegation } },
    codes: ['SUBJECT_NOT_FOUND', 'CONFLICT'],
    handle: async (c, { body: { to, until, reason } }) => {
      const context = commandContext(c, name, { to, until, reason }, nowMs())
      const { tenant, actor, at } = context
      assertPerson(actor)
      const { identity, isErased } = (await commands.load(subjects, tenant, to)).state
      if (identity === null || isErased) {
        throw new Rejection('SUBJECT_NOT_FOUND', `to: nobody here is '${to}'`, { field: 'to', pseudonym: to })
      }
      const delegationId = uuidv5('delegation', context.commandId)
      const given = { delegationId, from: actor.pseudonym, to, roles: [...c.get('roles')], until, reason }
      const command = { type: 'GrantDelegation' as const, at, ...given }
      const handled = await commands.handle(delegations, actor.pseudonym, command, { ...context, reason })
      reads.wrote(c, handled)
      // Of an earlier call with the same key, what that one has come to.
      const { event, metadata } = handled.events[0] ?? {}
      const data = event?.type === 'DelegationGranted' ? event.data : given
      const shown = { ...data, grantedAt: metadata?.occurredAt ?? at, revokedAt: null, now: at }
      return c.json(shownOf(shown), 201)
    },
  })

const list = ({ reads, views, nowMs }: Services): Operation =>
  operation({
    method: 'get',
    kind: 'query',
    action: 'ReadApprovals',
    path,
    summary: 'What you have delegated and what was delegated to you, newest first',
    parameters: {},
    query: delegationQuery,
    answers: { 200: { description: 'a page of delegations', schema: delegationList } },
    codes: [],
    handle: async (c, { query: { side = null, limit, page } }) => {
      await reads.beforeRead(c)
      const { tenant, actor } = c.get('principal')
      const now = new Date(nowMs()).toISOString()
      const of = { limit, offset: (page - 1) * limit }
      const { rows, total } = listDelegations(views, tenant, actor.pseudonym, side, of)
      const shown = rows.map((row) =>
        shownOf({
          delegationId: row.delegation_id,
          from: row.delegator,
          to: row.delegate,
          roles: JSON.parse(row.roles) as string[],
          reason: row.reason,
          until: row.until,
          grantedAt: row.granted_at,
          revokedAt: row.revoked_at,
          now,
        }),
      )
      return c.json({ you: actor.pseudonym, delegations: shown, total, page, per_page: limit })
    },
  })

/** Of one's own only: another's is as unknown as one that never was. */
const revoke = ({ commands, reads, nowMs }: Services): Operation =>
  operation({
    method: 'delete',
    kind: 'command',
    action: 'DelegateApproval',
    path: `${path}/{delegation_id}`,
    summary: 'Take a delegation back that you have given; it holds no more at once',
    parameters: { delegation_id: 'the delegation' },
    answers: { 200: { description: 'it is taken back', schema: revoked } },
    codes: ['DELEGATION_NOT_FOUND'],
    handle: async (c) => {
      const delegationId = c.get('params').delegation_id ?? ''
      const context = commandContext(c, name, { delegationId }, nowMs())
      const from = context.actor.pseudonym
      const command = { type: 'RevokeDelegation' as const, delegationId, from }
      reads.wrote(c, await commands.handle(delegations, from, command, context))
      return c.json({ delegation_id: delegationId, status: 'revoked' })
    },
  })

/** Who is known by a token, and speaks for nobody else. */
const assertPerson = ({ pseudonym, kind, onBehalfOf }: Actor): void => {
  if (kind === 'person' && onBehalfOf === undefined && isPseudonym(pseudonym)) return
  throw new Rejection('FORBIDDEN', 'only a person with a token of their own can delegate')
}

interface Shown {
  delegationId: string
  from: string
  to: string
  roles: string[]
  reason: string
  until: string
  grantedAt: string
  revokedAt: string | null
  now: string
}

const shownOf = ({ now, ...given }: Shown): z.input<typeof delegation> => ({
  delegation_id: given.delegationId,
  from: given.from,
  to: given.to,
  roles: given.roles,
  reason: given.reason,
  granted_at: given.grantedAt,
  until: given.until,
  revoked_at: given.revokedAt,
  status: given.revokedAt !== null ? 'revoked' : given.until <= now ? 'expired' : 'in_force',
})
