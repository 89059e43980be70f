import type { Action } from '../actions.ts'
import { type Role, roles } from '../principal.ts'
import type { EntityJson, StatefulAuthorizationCall } from './cedar.ts'
import type { Reads } from './reads.ts'

/** May this principal do this to that? */
export interface PolicyQuestion {
  principal: { id: string; kind: 'person' | 'service'; roles: readonly Role[]; tenant: string }
  action: Action
  resource: { tenant: string; environment?: string; owner?: string }
}

/** What is decided on: roles as bits in the order of `roles`, null for what no policy reads or the question has not. */
type Facts = readonly [
  action: Action,
  roles: number,
  tenants: boolean | readonly [principal: string, resource: string],
  environment: string | null,
  kind: string | null,
  id: string | null,
  owner: string | null,
]

const bits = new Map<string, number>(roles.map((role, index) => [role, 1 << index]))

const bitsOf = (held: readonly string[]): number => {
  let sum = 0
  // An unknown role is none.
  for (const role of held) sum |= bits.get(role) ?? 0
  return sum
}

/** The facts of a question as JSON. Two questions with one key are one question to every policy: see `requestOf`. */
export const keyOf = ({ principal, action, resource }: PolicyQuestion, reads: Reads): string => {
  const facts: Facts = [
    action,
    bitsOf(principal.roles),
    reads.tenants ? [principal.tenant, resource.tenant] : principal.tenant === resource.tenant,
    (reads.environment ? resource.environment : null) ?? null,
    reads.kind ? principal.kind : null,
    reads.id ? principal.id : null,
    (reads.owner ? resource.owner : null) ?? null,
  ]
  return JSON.stringify(facts)
}

type Request = Omit<StatefulAuthorizationCall, 'preparsedPolicySetId'>

/** Names for tenants that are only compared. */
const same = ['own', 'own'] as const
const different = ['own', 'other'] as const

const principalNamed = (id: string) => ({ type: 'Ledgerline::Principal', id })

/** What Cedar is asked. It is made of the key alone, so a decision cannot depend on anything that is not in it. */
export const requestOf = (key: string): Request => {
  const facts: Facts = JSON.parse(key)
  const [action, held, tenants, environment, kind, id, owner] = facts
  const [ofPrincipal, ofResource] = typeof tenants === 'boolean' ? (tenants ? same : different) : tenants
  const principal: EntityJson = {
    uid: principalNamed(id ?? 'caller'),
    attrs: {
      tenant: ofPrincipal,
      roles: roles.filter((role) => (held & bitsOf([role])) !== 0),
      ...(kind !== null && { kind }),
    },
    parents: [],
  }
  const resource: EntityJson = {
    uid: { type: 'Ledgerline::Resource', id: 'asked-for' },
    attrs: {
      tenant: ofResource,
      ...(environment !== null && { environment }),
      ...(owner !== null && { owner: { __entity: principalNamed(owner) } }),
    },
    parents: [],
  }
  return {
    principal: principal.uid,
    action: { type: 'Ledgerline::Action', id: action },
    resource: resource.uid,
    context: {},
    entities: [principal, resource],
  }
}
