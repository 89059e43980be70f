import { describe, expect, test } from 'vitest'
import {
  type DelegationCommand,
  delegatedTo,
  delegationDecider,
  delegationsMax,
} from '../../src/domain/delegation/decide.ts'
import type { Delegation, DelegationEvent } from '../../src/domain/delegation/events.ts'
import { sentences } from '../support/decider.ts'
import { atTime } from '../support/run-events.ts'

const { given } = sentences(delegationDecider)
const delegation = (over: Partial<Delegation> = {}): Delegation => ({
  delegationId: 'd1',
  from: 'carol',
  to: 'bob',
  roles: ['governance'],
  until: atTime(60),
  reason: 'on leave',
  ...over,
})
const granted = (over: Partial<Delegation> = {}): DelegationEvent => ({
  type: 'DelegationGranted',
  data: delegation(over),
})
const revoked = (delegationId = 'd1'): DelegationEvent => ({
  type: 'DelegationRevoked',
  data: { delegationId, from: 'carol' },
})
const grant = (over: Partial<Delegation> = {}, at = atTime(0)): DelegationCommand => ({
  type: 'GrantDelegation',
  at,
  ...delegation(over),
})
const revoke = (delegationId = 'd1'): DelegationCommand => ({ type: 'RevokeDelegation', delegationId, from: 'carol' })
const daySeconds = 86_400

describe('a delegation', () => {
  test('is of roles, to somebody else, from now until an end within 366 days', () => {
    given().when(grant()).thenHappens(granted())
    const late = { until: atTime(366 * daySeconds) }
    given().when(grant(late)).thenHappens(granted(late))
    for (const wrong of [
      { to: 'carol' },
      { roles: [] },
      { until: atTime(0) },
      { until: atTime(-1) },
      { until: atTime(366 * daySeconds + 1) },
    ]) {
      given().when(grant(wrong)).thenRejects('VALIDATION_FAILED')
    }
  })

  test('is taken back once, whether it is in force or not', () => {
    given(granted()).when(revoke()).thenHappens(revoked())
    given(granted(), revoked()).when(revoke()).thenNothing()
    given(granted()).when(revoke('d2')).thenRejects('DELEGATION_NOT_FOUND')
    given().when(revoke()).thenRejects('DELEGATION_NOT_FOUND')
  })

  test('is granted once', () => given(granted()).when(grant()).thenNothing())

  test('is one of so many in force at most', () => {
    const many = Array.from({ length: delegationsMax }, (_, n) => granted({ delegationId: `n${n}` }))
    given(...many)
      .when(grant())
      .thenRejects('CONFLICT')
    given(...many, revoked('n0'))
      .when(grant())
      .thenHappens(granted())
    const over = { until: atTime(99) }
    given(...many)
      .when(grant(over, atTime(60)))
      .thenHappens(granted(over))
  })
})

describe('what was delegated', () => {
  const to = (who: string, at: string, ...events: DelegationEvent[]) => delegatedTo(given(...events).state(), who, at)

  test('holds until its end and until it is taken back, for whom it was delegated to', () => {
    expect(to('bob', atTime(59), granted())).toEqual(['governance'])
    expect(to('bob', atTime(60), granted())).toEqual([])
    expect(to('bob', atTime(1), granted(), revoked())).toEqual([])
    expect(to('dora', atTime(1), granted())).toEqual([])
    expect(to('carol', atTime(1), granted())).toEqual([])
  })

  test('is all roles of all delegations in force', () => {
    const more = granted({ delegationId: 'd2', roles: ['auditor', 'governance'] })
    const over = granted({ delegationId: 'd3', roles: ['tenant-admin'], until: atTime(5) })
    expect(to('bob', atTime(10), granted(), more, over)).toEqual(['governance', 'auditor'])
    expect(to('bob', atTime(10), granted(), more, revoked())).toEqual(['auditor', 'governance'])
  })
})
