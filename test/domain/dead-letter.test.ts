import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DeadLetterCommand, deadLetterDecider } from '../../src/domain/dead-letter/decide.ts'
import type { DeadLetterEvent } from '../../src/domain/dead-letter/events.ts'
import { failedEntry, foundAgain } from '../support/dead-letter-entries.ts'
import { outcomeOf, sentences } from '../support/decider.ts'

const entryId = 'e1'
const { given } = sentences(deadLetterDecider)

const recorded: DeadLetterEvent = { type: 'DeadLetterRecorded', data: failedEntry }
const retriedBy = (by: string): DeadLetterEvent => ({ type: 'DeadLetterRetried', data: { entryId, by } })
const reopenedBy = (by: string): DeadLetterEvent => ({
  type: 'DeadLetterReopened',
  data: { entryId, by, reason: 'it failed too', found: foundAgain },
})
const resolvedBy = (by: string): DeadLetterEvent => ({ type: 'DeadLetterResolved', data: { entryId, by } })
const assignedTo = (assignee: string | null): DeadLetterEvent => ({
  type: 'DeadLetterAssigned',
  data: { entryId, assignee },
})
const discarded: DeadLetterEvent = { type: 'DeadLetterDiscarded', data: { entryId } }

const record: DeadLetterCommand = { type: 'RecordDeadLetter', entry: failedEntry }
const retry = (by = 'r2'): DeadLetterCommand => ({ type: 'RetryDeadLetter', entryId, by })
const note = (by = 'r2'): DeadLetterCommand => ({ type: 'NoteRetry', entryId, by })
const reopen = (by = 'r2'): DeadLetterCommand => ({
  type: 'ReopenDeadLetter',
  ...{ entryId, by, reason: 'it failed too', found: foundAgain },
})
const resolve = (by = 'r2'): DeadLetterCommand => ({ type: 'ResolveDeadLetter', entryId, by })
const discard = (reason = 'known'): DeadLetterCommand => ({ type: 'DiscardDeadLetter', entryId, reason })
const assign = (assignee: string | null): DeadLetterCommand => ({ type: 'AssignDeadLetter', entryId, assignee })

describe('an entry', () => {
  test('is recorded once', () => {
    given().when(record).thenHappens(recorded)
    given(recorded, discarded).when(record).thenNothing()
  })

  test('that was not recorded is not found', () => {
    for (const command of [retry(), note(), reopen(), resolve(), discard(), assign('operator')]) {
      given().when(command).thenRejects('DEAD_LETTER_NOT_FOUND')
    }
  })

  test('is tried again once at a time', () => {
    given(recorded).when(retry()).thenHappens(retriedBy('r2'))
    given(recorded, retriedBy('r2')).when(retry('r3')).thenRejects('DEAD_LETTER_RETRYING')
    given(recorded, retriedBy('r2')).when(note('r3')).thenNothing()
    given(recorded, retriedBy('r2'), reopenedBy('r2')).when(retry('r3')).thenHappens(retriedBy('r3'))
  })

  test('is opened again only by the retry that is under way, and is of what that has left', () => {
    given(recorded, retriedBy('r2')).when(reopen('r2')).thenHappens(reopenedBy('r2'))
    given(recorded, retriedBy('r2')).when(reopen('r1')).thenNothing()
    given(recorded).when(reopen('r2')).thenNothing()
    expect(given(recorded, retriedBy('r2'), reopenedBy('r2')).state()).toMatchObject({
      status: 'open',
      entry: { entryId, runId: 'r1', ...foundAgain },
    })
  })

  test('is resolved by a retry, or by whatever else made it good', () => {
    given(recorded, retriedBy('r2')).when(resolve('r2')).thenHappens(resolvedBy('r2'))
    given(recorded).when(resolve('r9')).thenHappens(resolvedBy('r9'))
    given(recorded, resolvedBy('r2')).when(resolve('r3')).thenNothing()
  })

  test('is discarded for a reason, and not while it is tried again', () => {
    given(recorded).when(discard()).thenHappens(discarded)
    given(recorded).when(discard(' ')).thenRejects('VALIDATION_FAILED')
    given(recorded, retriedBy('r2')).when(discard()).thenRejects('DEAD_LETTER_RETRYING')
  })

  test('is assigned, to somebody else and to nobody', () => {
    given(recorded).when(assign('operator')).thenHappens(assignedTo('operator'))
    given(recorded, assignedTo('operator')).when(assign('operator')).thenNothing()
    given(recorded, retriedBy('r2'), assignedTo('operator')).when(assign(null)).thenHappens(assignedTo(null))
  })

  test('that has ended takes no more decisions', () => {
    for (const end of [discarded, resolvedBy('r2')]) {
      for (const command of [retry(), discard(), assign('operator')]) {
        given(recorded, end).when(command).thenRejects('DEAD_LETTER_ENDED')
      }
      for (const command of [note(), reopen(), resolve()]) given(recorded, end).when(command).thenNothing()
    }
  })
})

describe('whatever is said of an entry', () => {
  const runs = fc.constantFrom('r2', 'r3', 'r4')
  const command: fc.Arbitrary<DeadLetterCommand> = fc.oneof(
    fc.constant(record),
    runs.map(retry),
    runs.map(note),
    runs.map(reopen),
    runs.map(resolve),
    fc.constantFrom('known', '').map(discard),
    fc.constantFrom('operator', null).map(assign),
  )
  const happenedAfter = (commands: readonly DeadLetterCommand[]): DeadLetterEvent[] => {
    const events: DeadLetterEvent[] = []
    for (const each of commands) {
      const outcome = outcomeOf(deadLetterDecider, events, each)
      if ('events' in outcome) events.push(...outcome.events)
    }
    return events
  }

  test('nothing leads out of an end, and at most one retry is under way', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const types = happenedAfter([record, ...commands]).map(({ type }) => type)
        const end = types.findIndex((type) => type === 'DeadLetterResolved' || type === 'DeadLetterDiscarded')
        expect(end < 0 || end === types.length - 1).toBe(true)
        let underWay = 0
        for (const type of types) {
          if (type === 'DeadLetterRetried') underWay += 1
          if (type === 'DeadLetterReopened' || type === 'DeadLetterResolved') underWay = 0
          expect(underWay).toBeLessThanOrEqual(1)
          if (type === 'DeadLetterDiscarded') expect(underWay).toBe(0)
        }
      }),
      { numRuns: 500 },
    )
  })
})
