import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ApprovalCommand } from '../../src/domain/approval/commands.ts'
import { approvalDecider } from '../../src/domain/approval/decide.ts'
import type { ApprovalEvent, ApprovalRequested, ApprovalVoice } from '../../src/domain/approval/events.ts'
import { approvalId, askedOf, commandHash } from '../support/approvals.ts'
import { outcomeOf } from '../support/decider.ts'
import { atTime } from '../support/run-events.ts'

const people = ['alice', 'bob', 'carol', 'dora', 'eve'] as const
const person = fc.constantFrom(...people)
const behalf = fc.option(person, { nil: null, freq: 3 })
const role = fc.constantFrom('governance', 'auditor', 'tenant-admin', 'operator')
/** They know nothing of each other: who has which roles, and speaks for whom, is anew in each word. */
const voice = fc.record({
  by: person,
  kind: fc.constantFrom('person' as const, 'person' as const, 'person' as const, 'service' as const),
  onBehalfOf: behalf,
  roles: fc.uniqueArray(role, { minLength: 1, maxLength: 3 }),
  reason: fc.constantFrom('fine', 'fine', ''),
  at: fc.integer({ min: 0, max: 61 }).map(atTime),
})
const hash = fc.constantFrom(commandHash, commandHash, commandHash, 'ab'.repeat(32))

const word = (type: 'GrantApproval' | 'RejectApproval' | 'OverrideApproval') =>
  voice.map((said): ApprovalCommand => ({ type, approvalId, ...said }))
const command: fc.Arbitrary<ApprovalCommand> = fc.oneof(
  { weight: 30, arbitrary: word('GrantApproval') },
  { weight: 1, arbitrary: word('RejectApproval') },
  { weight: 3, arbitrary: word('OverrideApproval') },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 61 }).map((second) => ({
      type: 'ExpireApproval' as const,
      approvalId,
      at: atTime(second),
    })),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ type: 'WithdrawApproval' as const, approvalId, reason: 'canceled' }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('ConsumeApproval' as const),
      approvalId: fc.constant(approvalId),
      commandId: fc.constantFrom('c1', 'c2'),
      commandHash: hash,
    }),
  },
)
const requirement = fc.record({ role: fc.constantFrom('governance', 'auditor'), count: fc.integer({ min: 1, max: 2 }) })
const asked = fc
  .record({ required: fc.uniqueArray(requirement, { minLength: 1, selector: (each) => each.role }), behalf })
  .map(({ required, behalf: onBehalfOf }) => {
    const { requestedBy } = askedOf()
    return askedOf({ required, requestedBy: onBehalfOf === null ? requestedBy : { ...requestedBy, onBehalfOf } })
  })

const lived = (approval: ApprovalRequested, commands: readonly ApprovalCommand[]) => {
  const events: ApprovalEvent[] = []
  const turns: { command: ApprovalCommand; events: ApprovalEvent[] }[] = []
  for (const each of [{ type: 'RequestApproval' as const, approval }, ...commands]) {
    const outcome = outcomeOf(approvalDecider, events, each)
    if (!('events' in outcome)) continue
    events.push(...outcome.events)
    turns.push({ command: each, events: outcome.events })
  }
  return { events, turns }
}

const personsOf = ({ by, onBehalfOf }: ApprovalVoice) => (onBehalfOf === null ? [by] : [by, onBehalfOf])

/** Written without a look at the decider: all who have spoken are other people, and of each role there are enough. */
const hasFourEyes = ({ required, requestedBy }: ApprovalRequested, grants: readonly ApprovalVoice[]): boolean => {
  const persons = grants.flatMap((grant) => [...new Set(personsOf(grant))])
  const requesters = [requestedBy.pseudonym, requestedBy.onBehalfOf]
  const areOthers = persons.every((each) => !requesters.includes(each)) && new Set(persons).size === persons.length
  const areEnough = required.every((each) => grants.filter((grant) => grant.role === each.role).length >= each.count)
  return areOthers && areEnough
}

let consumptions = 0
let overrides = 0

test('whoever says what in whatever order: what is consumed was granted by enough others, or by breaking the glass', () => {
  fc.assert(
    fc.property(asked, fc.array(command, { maxLength: 40, size: 'max' }), (approval, commands) => {
      const { events, turns } = lived(approval, commands)
      const at = events.findIndex(({ type }) => type === 'ApprovalConsumed')
      const before = events.slice(0, at === -1 ? undefined : at)
      const later = at === -1 ? [] : events.slice(at + 1)
      expect(later).toEqual([])
      const said = (type: ApprovalEvent['type']) =>
        turns.flatMap((turn) => (turn.events.some((event) => event.type === type) ? [turn] : []))
      // A role that an event names was the speaker's.
      for (const {
        command: spoken,
        events: [event],
      } of said('ApprovalGranted')) {
        if (spoken.type === 'GrantApproval' && event?.type === 'ApprovalGranted') {
          expect(spoken.roles).toContain(event.data.role)
          expect(spoken.kind).toBe('person')
          expect(spoken.at < approval.expiresAt).toBe(true)
        }
      }
      for (const { command: spoken } of said('ApprovalOverridden')) {
        expect(spoken).toMatchObject({
          roles: expect.arrayContaining(['tenant-admin']),
          kind: 'person',
          onBehalfOf: null,
          reason: 'fine',
        })
      }
      if (at === -1) return
      consumptions += 1
      const grants = before.flatMap((event) => (event.type === 'ApprovalGranted' ? [event.data] : []))
      const overridden = before.some(({ type }) => type === 'ApprovalOverridden')
      if (overridden) overrides += 1
      expect(hasFourEyes(approval, grants) || overridden).toBe(true)
      expect(before.some(({ type }) => type === 'ApprovalRejected' || type === 'ApprovalExpired')).toBe(false)
      expect(events.at(at)?.data).toMatchObject({ commandHash: approval.commandHash })
    }),
    { numRuns: 1_500 },
  )
  // It is no use if nobody ever comes this far, or only by force.
  expect(consumptions).toBeGreaterThan(100)
  expect(overrides).toBeGreaterThan(20)
  expect(consumptions - overrides).toBeGreaterThan(50)
})
