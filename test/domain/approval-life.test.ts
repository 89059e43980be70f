import { describe, expect, test } from 'vitest'
import { approvalDecider, missingOf } from '../../src/domain/approval/decide.ts'
import {
  approvalId,
  approvalRequested,
  askedOf,
  consume,
  expire,
  grant,
  override,
  reject,
  speaker,
  spoken,
  withdraw,
} from '../support/approvals.ts'
import { sentences } from '../support/decider.ts'
import { atTime } from '../support/run-events.ts'

const { given } = sentences(approvalDecider)
const bob = speaker('bob')
const admin = speaker('ada', ['tenant-admin'])
const two = { required: [{ role: 'governance', count: 2 }] }

describe('an approval', () => {
  const granted = spoken({}, grant(bob)).events

  test('is for one command to the letter', () => {
    given(...granted)
      .when(consume('c1', 'ab'.repeat(32)))
      .thenRejects('APPROVAL_MISMATCH')
    const { events } = spoken({}, grant(bob), consume())
    given(...events)
      .when(consume('c1', 'ab'.repeat(32)))
      .thenRejects('APPROVAL_CLOSED')
  })

  test('that is granted, rejected or consumed does not expire, and one that waits does only in its time', () => {
    for (const words of [[grant(bob)], [reject(bob)], [grant(bob), consume()], [expire()]]) {
      given(...spoken({}, ...words).events)
        .when(expire(atTime(99)))
        .thenNothing()
    }
    given(approvalRequested())
      .when(expire(atTime(59)))
      .thenNothing()
    given(approvalRequested()).when(expire()).thenHappens({ type: 'ApprovalExpired', data: { approvalId } })
  })

  test('that waits or is granted is withdrawn for a reason; one that was used, or has ended, stays as it is', () => {
    const withdrawn = { type: 'ApprovalWithdrawn' as const, data: { approvalId, reason: 'the run was canceled' } }
    for (const words of [[], [grant(bob)], [override(admin)]]) {
      given(...spoken({}, ...words).events)
        .when(withdraw)
        .thenHappens(withdrawn)
    }
    for (const words of [[reject(bob)], [expire()], [grant(bob), consume()], [withdraw]]) {
      given(...spoken({}, ...words).events)
        .when(withdraw)
        .thenNothing()
    }
    given().when(withdraw).thenNothing()
  })

  test('may be rejected by a service: to stop things takes no person', () => {
    const voice = { approvalId, by: 'bot', onBehalfOf: null, role: 'governance', reason: 'checked' }
    given(approvalRequested())
      .when(reject({ ...speaker('bot'), kind: 'service' }))
      .thenHappens({ type: 'ApprovalRejected', data: voice })
  })

  test('that was withdrawn is closed to everybody', () => {
    const { events } = spoken({}, withdraw)
    for (const word of [grant(bob), reject(bob), override(admin)]) {
      given(...events)
        .when(word)
        .thenRejects('APPROVAL_CLOSED')
    }
    given(...spoken({}, grant(bob), withdraw).events)
      .when(consume())
      .thenRejects('APPROVAL_PENDING')
    given(...events)
      .when(expire(atTime(99)))
      .thenNothing()
  })

  test('says of whom it still wants how many', () => {
    expect(missingOf(given(approvalRequested(two)).state())).toEqual([{ role: 'governance', count: 2 }])
    expect(missingOf(given(...spoken(two, grant(bob)).events).state())).toEqual([{ role: 'governance', count: 1 }])
    expect(missingOf(given(...granted).state())).toEqual([])
  })

  test('is rejected by whoever may grant it, also by who asked for it, and for a reason', () => {
    given(approvalRequested()).when(reject(bob, '')).thenRejects('VALIDATION_FAILED')
    given(approvalRequested())
      .when(reject(speaker('olga', ['operator'])))
      .thenRejects('FORBIDDEN')
    for (const by of ['bob', 'alice']) {
      const voice = { approvalId, by, onBehalfOf: null, role: 'governance', reason: 'checked' }
      given(approvalRequested())
        .when(reject(speaker(by)))
        .thenHappens({ type: 'ApprovalRejected', data: voice })
    }
  })

  test('asks for somebody: none, half a person or fewer is refused', () => {
    const counts = [[], [0], [-1], [1, 0], [1.5], [2, -1]]
    for (const each of counts) {
      const required = each.map((count, index) => ({ role: `r${index}`, count }))
      given()
        .when({ type: 'RequestApproval', approval: askedOf({ required }) })
        .thenRejects('VALIDATION_FAILED')
    }
  })

  test('is opened once, and one that never was is not found', () => {
    given(approvalRequested())
      .when({ type: 'RequestApproval', approval: askedOf({ required: [{ role: 'viewer', count: 1 }] }) })
      .thenNothing()
    for (const command of [grant(bob), reject(bob), override(admin), expire(), consume()]) {
      given().when(command).thenRejects('APPROVAL_NOT_FOUND')
    }
  })
})
