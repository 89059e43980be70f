import { describe, expect, test } from 'vitest'
import type { ApprovalCommand } from '../../src/domain/approval/commands.ts'
import { approvalDecider } from '../../src/domain/approval/decide.ts'
import type { ApprovalRequested } from '../../src/domain/approval/events.ts'
import type { Code } from '../../src/domain/codes.ts'
import {
  approvalId,
  askedOf,
  commandHash,
  consume,
  expire,
  grant,
  override,
  reject,
  speaker,
  spoken,
} from '../support/approvals.ts'
import { sentences } from '../support/decider.ts'
import { atTime } from '../support/run-events.ts'

const { given } = sentences(approvalDecider)
const [bob, carol, dora] = [speaker('bob'), speaker('carol'), speaker('dora')]
const admin = speaker('ada', ['tenant-admin'])
const two = { required: [{ role: 'governance', count: 2 }] }
const twoRoles = {
  required: [
    { role: 'governance', count: 1 },
    { role: 'auditor', count: 1 },
  ],
}
const requestedFor = (onBehalfOf: string) => ({ requestedBy: { ...askedOf().requestedBy, onBehalfOf } })

interface Row {
  who: string
  asked?: Partial<ApprovalRequested>
  say: ApprovalCommand[]
  /** What the last word is answered with, where it is refused. */
  refused?: Code
}

const comeTo: Row[] = [
  { who: 'one other person of the role', say: [grant(bob)] },
  { who: 'two others where two are wanted', asked: two, say: [grant(bob), grant(carol)] },
  { who: 'one of each role', asked: twoRoles, say: [grant(bob), grant(speaker('eve', ['auditor']))] },
  {
    who: 'somebody with both roles, who counts for one, and another',
    asked: twoRoles,
    say: [grant(speaker('bob', ['auditor', 'governance'])), grant(speaker('eve', ['auditor', 'governance']))],
  },
  { who: 'a delegate of somebody else', say: [grant(speaker('bob', ['governance'], 'carol'))] },
  { who: 'an admin who breaks the glass', say: [override(admin)] },
  { who: 'an admin who breaks the glass for what they asked for', say: [override(speaker('alice', ['tenant-admin']))] },
  { who: 'one in time, to the millisecond', say: [grant(bob, '2026-01-01T00:00:59.999Z')] },
]

const comeToNothing: Row[] = [
  { who: 'nobody', say: [] },
  { who: 'who asked for it', say: [grant(speaker('alice', ['operator', 'governance']))], refused: 'SELF_APPROVAL' },
  { who: 'who asked for it, with another token', say: [grant(speaker('alice'))], refused: 'SELF_APPROVAL' },
  {
    who: 'a delegate of who asked for it',
    say: [grant(speaker('bob', ['governance'], 'alice'))],
    refused: 'SELF_APPROVAL',
  },
  {
    who: 'who asked for it, as a delegate of somebody else',
    say: [grant(speaker('alice', ['governance'], 'carol'))],
    refused: 'SELF_APPROVAL',
  },
  {
    who: 'the person on whose behalf it was asked for',
    asked: requestedFor('bob'),
    say: [grant(bob)],
    refused: 'SELF_APPROVAL',
  },
  {
    who: 'who asked for it on behalf of somebody',
    asked: requestedFor('bob'),
    say: [grant(speaker('alice'))],
    refused: 'SELF_APPROVAL',
  },
  {
    who: 'a delegate of the person on whose behalf it was asked for',
    asked: requestedFor('bob'),
    say: [grant(speaker('carol', ['governance'], 'bob'))],
    refused: 'SELF_APPROVAL',
  },
  { who: 'somebody of another role', say: [grant(speaker('olga', ['operator']))], refused: 'FORBIDDEN' },
  { who: 'an admin who only approves', say: [grant(admin)], refused: 'FORBIDDEN' },
  { who: 'one of two', asked: two, say: [grant(bob)] },
  { who: 'the same person twice', asked: two, say: [grant(bob), grant(bob)] },
  {
    who: 'a person and their delegate',
    asked: two,
    say: [grant(bob), grant(speaker('carol', ['governance'], 'bob'))],
  },
  {
    who: 'a delegate, and then for themselves',
    asked: two,
    say: [grant(speaker('carol', ['governance'], 'bob')), grant(carol)],
  },
  {
    who: 'two delegates of one person',
    asked: two,
    say: [grant(speaker('carol', ['governance'], 'bob')), grant(speaker('dora', ['governance'], 'bob'))],
  },
  {
    who: 'one person with both roles',
    asked: twoRoles,
    say: [grant(speaker('bob', ['auditor', 'governance'])), grant(speaker('bob', ['auditor', 'governance']))],
  },
  { who: 'two of one role where one of each is wanted', asked: twoRoles, say: [grant(bob), grant(carol)] },
  { who: 'a service with the role', say: [grant({ ...bob, kind: 'service' })], refused: 'FORBIDDEN' },
  {
    who: 'a service for a person who let it',
    say: [grant({ ...speaker('bot', ['governance'], 'bob'), kind: 'service' })],
    refused: 'FORBIDDEN',
  },
  { who: 'a service that breaks the glass', say: [override({ ...admin, kind: 'service' })], refused: 'FORBIDDEN' },
  { who: 'one who comes too late', say: [grant(bob, atTime(60))], refused: 'APPROVAL_EXPIRED' },
  { who: 'one after it has expired', say: [expire(), grant(bob)], refused: 'APPROVAL_EXPIRED' },
  { who: 'one after another has rejected it', say: [reject(carol), grant(bob)], refused: 'APPROVAL_CLOSED' },
  { who: 'the second after a third has rejected it', asked: two, say: [grant(bob), reject(dora), grant(carol)] },
  { who: 'an admin after it was rejected', say: [reject(carol), override(admin)], refused: 'APPROVAL_CLOSED' },
  { who: 'an admin without a reason', say: [override(admin, ' ')], refused: 'VALIDATION_FAILED' },
  { who: 'a breaker of glass who is no admin', say: [override(bob)], refused: 'FORBIDDEN' },
  {
    who: 'a delegate of an admin who breaks the glass',
    say: [override(speaker('bob', ['tenant-admin'], 'ada'))],
    refused: 'FORBIDDEN',
  },
  { who: 'an admin who comes too late', say: [expire(), override(admin)], refused: 'APPROVAL_EXPIRED' },
]

describe('an approval is granted by', () => {
  test.each(comeTo)('$who, and consumed once', ({ asked = {}, say }) => {
    const { events } = spoken(asked, ...say)
    given(...events)
      .when(consume())
      .thenHappens({ type: 'ApprovalConsumed', data: { approvalId, commandId: 'c1', commandHash } })
    const { events: consumed } = spoken(asked, ...say, consume())
    given(...consumed)
      .when(consume())
      .thenNothing()
    given(...consumed)
      .when(consume('c2'))
      .thenRejects('APPROVAL_CLOSED')
  })
})

describe('an approval is not granted by', () => {
  test.each(comeToNothing)('$who', ({ asked = {}, say, refused }) => {
    const { last, events } = spoken(asked, ...say)
    if (refused) expect(last).toEqual({ rejected: refused })
    given(...events)
      .when(consume())
      .thenRejects('APPROVAL_PENDING')
  })
})
