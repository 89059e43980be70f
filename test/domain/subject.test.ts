import { describe, expect, test } from 'vitest'
import type { EraseSubject, SubjectCommand } from '../../src/domain/subject/commands.ts'
import { holdsMax, subjectDecider } from '../../src/domain/subject/decide.ts'
import type { SubjectEvent } from '../../src/domain/subject/events.ts'
import { sentences } from '../support/decider.ts'

const pseudonym = `p-${'a'.repeat(26)}`
const registered: SubjectEvent = { type: 'SubjectRegistered', data: { pseudonym, identity: 's1' } }
const placed = (holdId: string): SubjectEvent => ({
  type: 'LegalHoldPlaced',
  data: { pseudonym, holdId, reason: 'a dispute' },
})
const released = (holdId: string): SubjectEvent => ({ type: 'LegalHoldReleased', data: { pseudonym, holdId } })
const erased: SubjectEvent = { type: 'SubjectErased', data: { pseudonym, reason: 'on request', ticket: 'T-1' } }
const erase = (over: Partial<EraseSubject> = {}): SubjectCommand => ({
  type: 'EraseSubject',
  pseudonym,
  reason: 'on request',
  ticket: 'T-1',
  openApprovals: [],
  ...over,
})
const place = (holdId: string): SubjectCommand => ({ type: 'PlaceLegalHold', pseudonym, holdId, reason: 'a dispute' })
const release = (holdId: string): SubjectCommand => ({ type: 'ReleaseLegalHold', pseudonym, holdId })
const { given } = sentences(subjectDecider)

describe('a subject', () => {
  test('is erased once, whatever the second reason', () => {
    given(registered).when(erase()).thenHappens(erased)
    given(registered, erased)
      .when(erase({ reason: 'again', ticket: null }))
      .thenNothing()
  })

  test('that is on hold is not erased until every hold is released', () => {
    given(registered, placed('h1')).when(erase()).thenRejects('SUBJECT_ON_HOLD')
    given(registered, placed('h1'), placed('h2'), released('h1')).when(erase()).thenRejects('SUBJECT_ON_HOLD')
    given(registered, placed('h1'), released('h1')).when(erase()).thenHappens(erased)
  })

  test('is told by name what holds its erasure up', () => {
    const state = given(registered, placed('h1'), placed('h2')).state()
    expect(() => subjectDecider.decide(erase(), state)).toThrow(`subject '${pseudonym}' is on legal hold: h1, h2`)
  })

  test('with open approvals is not erased', () =>
    given(registered)
      .when(erase({ openApprovals: ['a1'] }))
      .thenRejects('APPROVALS_OPEN'))

  test('that was erased stays erased, though approvals that nobody can settle are open', () =>
    given(registered, erased)
      .when(erase({ openApprovals: ['a1'] }))
      .thenNothing())

  test('that was erased is not registered again under the same pseudonym', () => {
    const register = { type: 'RegisterSubject' as const, pseudonym, identity: 's2', replaces: 's1' }
    given(registered)
      .when(register)
      .thenHappens({ type: 'SubjectRegistered', data: { pseudonym, identity: 's2' } })
    given(registered, erased).when(register).thenNothing()
  })

  test('that never was is not found', () => {
    for (const command of [erase(), place('h1'), release('h1')]) given().when(command).thenRejects('SUBJECT_NOT_FOUND')
  })
})

describe('a hold', () => {
  test('is placed once and released once', () => {
    given(registered).when(place('h1')).thenHappens(placed('h1'))
    given(registered, placed('h1')).when(place('h1')).thenNothing()
    given(registered, placed('h1')).when(release('h1')).thenHappens(released('h1'))
    given(registered, placed('h1'), released('h1')).when(release('h1')).thenNothing()
  })

  test('that never was is not found', () =>
    given(registered, placed('h1')).when(release('h2')).thenRejects('HOLD_NOT_FOUND'))

  test('comes too late for who was erased', () =>
    given(registered, erased).when(place('h1')).thenRejects('SUBJECT_ERASED'))

  test('is one of so many at most', () => {
    const many = Array.from({ length: holdsMax }, (_, n) => placed(`h${n}`))
    given(registered, ...many)
      .when(place('one more'))
      .thenRejects('CONFLICT')
  })
})
