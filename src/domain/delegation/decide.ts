import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import type { Delegation, DelegationEvent } from './events.ts'

export type DelegationCommand =
  | ({ type: 'GrantDelegation'; at: string } & Delegation)
  | { type: 'RevokeDelegation'; delegationId: string; from: string }

/** All that one person has delegated, oldest first. */
export interface Delegations {
  granted: readonly Delegation[]
  /** Ids. */
  revoked: readonly string[]
}

const dayMs = 86_400_000
const delegationDaysMax = 366
/** In force at the same time, of one person. */
export const delegationsMax = 20

const decide = (command: DelegationCommand, state: Delegations): DelegationEvent[] =>
  command.type === 'GrantDelegation' ? grant(command, state) : revoke(command, state)

const grant = ({ type: _, at, ...delegation }: Grant, state: Delegations): DelegationEvent[] => {
  const { delegationId, from, to, roles, until } = delegation
  if (state.granted.some((each) => each.delegationId === delegationId)) return []
  if (to === from) throw invalid('to', 'is yourself: somebody else has to speak for you')
  if (roles.length === 0) throw invalid('roles', 'you have no role to delegate')
  if (until <= at) throw invalid('until', 'must be in the future')
  if (Date.parse(until) - Date.parse(at) > delegationDaysMax * dayMs) {
    throw invalid('until', `must be within ${delegationDaysMax} days`)
  }
  if (state.granted.filter((each) => isInForce(each, state, at)).length >= delegationsMax) {
    throw new Rejection('CONFLICT', `you have ${delegationsMax} delegations in force; revoke one first`)
  }
  return [{ type: 'DelegationGranted', data: delegation }]
}

type Grant = Extract<DelegationCommand, { type: 'GrantDelegation' }>
type Revoke = Extract<DelegationCommand, { type: 'RevokeDelegation' }>

const revoke = ({ delegationId, from }: Revoke, { granted, revoked }: Delegations): DelegationEvent[] => {
  if (!granted.some((each) => each.delegationId === delegationId)) {
    throw new Rejection('DELEGATION_NOT_FOUND', `you have given no delegation '${delegationId}'`, { delegationId })
  }
  return revoked.includes(delegationId) ? [] : [{ type: 'DelegationRevoked', data: { delegationId, from } }]
}

const invalid = (field: string, problem: string) =>
  new Rejection('VALIDATION_FAILED', `${field}: ${problem}`, { field })

const isInForce = ({ delegationId, until }: Delegation, { revoked }: Delegations, at: string): boolean =>
  at < until && !revoked.includes(delegationId)

/** The roles in which `to` may decide at that time, by all that was delegated to them. */
export const delegatedTo = (state: Delegations, to: string, at: string): string[] => {
  const found = state.granted.filter((each) => each.to === to && isInForce(each, state, at))
  return [...new Set(found.flatMap(({ roles }) => roles))]
}

const evolve = (state: Delegations, { type, data }: DelegationEvent): Delegations =>
  type === 'DelegationGranted'
    ? { ...state, granted: [...state.granted, data] }
    : { ...state, revoked: [...state.revoked, data.delegationId] }

export const delegationDecider: Decider<Delegations, DelegationCommand, DelegationEvent> = {
  initial: { granted: [], revoked: [] },
  decide,
  evolve,
}
