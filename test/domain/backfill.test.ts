import { describe, expect, test } from 'vitest'
import { backfillDecider } from '../../src/domain/backfill/decide.ts'
import type { BackfillEvent, BackfillRequested } from '../../src/domain/backfill/events.ts'
import { partitionsBetween } from '../../src/domain/pipeline/partition-range.ts'
import { sentences } from '../support/decider.ts'
import { partitionOf, pipelineOf, slugOf } from '../support/ids.ts'
import { manifestOf } from '../support/manifests.ts'
import { needed } from '../support/run-events.ts'

const { given } = sentences(backfillDecider)
const backfillId = 'b1'
const request: BackfillRequested = {
  backfillId,
  pipelineId: pipelineOf(1),
  pipeline: slugOf('flights'),
  environment: 'dev',
  manifestVersion: '1.0.0',
  manifestHash: 'cd'.repeat(32),
  overrides: [],
  parameters: {},
  partitions: ['2001-01-01', '2001-01-02'].map(partitionOf),
  skipped: [],
  maxConcurrency: 4,
  requestedBy: needed.requestedBy,
  requestedAt: '2026-01-01T00:00:00.000Z',
}
const requested: BackfillEvent = { type: 'BackfillRequested', data: request }
const awaiting: BackfillEvent = { type: 'BackfillRequested', data: { ...request, approval: needed } }
const started = (approvalId: string | null = null): BackfillEvent => ({
  type: 'BackfillStarted',
  data: { backfillId, approvalId },
})
const paused: BackfillEvent = { type: 'BackfillPaused', data: { backfillId } }
const resumed: BackfillEvent = { type: 'BackfillResumed', data: { backfillId } }
const canceled: BackfillEvent = { type: 'BackfillCanceled', data: { backfillId } }
const all = { succeeded: 1, failed: 1, canceled: 0, rejected: 0 }
const none = { succeeded: 0, failed: 0, canceled: 0, rejected: 0 }
const completed = (outcomes = all): BackfillEvent => ({ type: 'BackfillCompleted', data: { backfillId, outcomes } })
const release = (commandHash = needed.commandHash, approvalId = needed.approvalId) => ({
  type: 'ReleaseBackfill' as const,
  backfillId,
  approvalId,
  commandHash,
})
const pause = { type: 'PauseBackfill' as const, backfillId }
const resume = { type: 'ResumeBackfill' as const, backfillId }
const cancel = { type: 'CancelBackfill' as const, backfillId }
const complete = (outcomes = all) => ({ type: 'CompleteBackfill' as const, backfillId, outcomes })

describe('a backfill', () => {
  test('that needs no approval begins at once', () =>
    given().when({ type: 'RequestBackfill', request }).thenHappens(requested, started()))

  test('that needs one waits for it, and begins with that very one', () => {
    given()
      .when({ type: 'RequestBackfill', request: { ...request, approval: needed } })
      .thenHappens(awaiting)
    given(awaiting).when(release()).thenHappens(started(needed.approvalId))
    given(awaiting)
      .when(release('00'.repeat(32)))
      .thenRejects('APPROVAL_MISMATCH')
    given(awaiting).when(release(needed.commandHash, 'another')).thenRejects('APPROVAL_MISMATCH')
    given(requested, started()).when(release()).thenRejects('APPROVAL_MISMATCH')
    given(awaiting, started(needed.approvalId)).when(release()).thenNothing()
  })

  test('is asked for once by one id, within bounds', () => {
    given(requested).when({ type: 'RequestBackfill', request }).thenRejects('BACKFILL_EXISTS')
    const many = Array.from({ length: 3_661 }, (_, n) => partitionOf(`p${n}`))
    given()
      .when({ type: 'RequestBackfill', request: { ...request, partitions: many } })
      .thenRejects('VALIDATION_FAILED')
    for (const maxConcurrency of [0, 65]) {
      given()
        .when({ type: 'RequestBackfill', request: { ...request, maxConcurrency } })
        .thenRejects('VALIDATION_FAILED')
    }
  })

  test('is paused and resumed while it runs', () => {
    given(requested, started()).when(pause).thenHappens(paused)
    given(requested, started(), paused).when(pause).thenNothing()
    given(requested, started(), paused).when(resume).thenHappens(resumed)
    given(requested, started()).when(resume).thenRejects('BACKFILL_NOT_ACTIVE')
    given(awaiting).when(pause).thenRejects('BACKFILL_NOT_ACTIVE')
    given().when(pause).thenRejects('BACKFILL_NOT_FOUND')
  })

  test('is complete when each of its partitions has ended, not before', () => {
    given(requested, started()).when(complete()).thenHappens(completed())
    given(requested, started()).when(complete(none)).thenRejects('BACKFILL_NOT_ACTIVE')
    given(requested, started(), completed()).when(complete()).thenNothing()
    expect(given(requested, started(), completed()).state().status).toBe('completed')
  })

  test('that is canceled ends with what had begun; one that never began ends at once', () => {
    given(requested, started()).when(cancel).thenHappens(canceled)
    given(requested, started(), canceled).when(complete(none)).thenHappens(completed(none))
    expect(given(requested, started(), canceled, completed(none)).state().status).toBe('canceled')
    expect(given(awaiting, canceled).state().status).toBe('canceled')
    given(requested, started(), completed()).when(cancel).thenRejects('BACKFILL_NOT_ACTIVE')
  })
})

describe('the partitions of a range', () => {
  const between = (type: 'daily' | 'monthly' | 'any', from: string, to: string) =>
    partitionsBetween(manifestOf({}, { partition: { type, column: null } }), partitionOf(from), partitionOf(to))

  test('are its days, over the ends of months and leap years', () => {
    expect(between('daily', '2000-02-28', '2000-03-01')).toEqual(['2000-02-28', '2000-02-29', '2000-03-01'])
    expect(between('daily', '2001-01-01', '2001-07-01')).toHaveLength(182)
  })

  test('are its months, over the end of a year', () => {
    expect(between('monthly', '2000-11', '2001-02')).toEqual(['2000-11', '2000-12', '2001-01', '2001-02'])
  })

  test.each([
    ['daily', '2001-02-30', '2001-03-01', 'from'],
    ['daily', '2001-03-02', '2001-03-01', 'to'],
    ['daily', '0001-01-01', '9999-12-31', 'to'],
    ['any', 'a', 'b', 'from'],
  ] as const)('of %s from %s to %s are refused by the name of the field', (type, from, to, field) => {
    expect(() => between(type, from, to)).toThrow(expect.objectContaining({ details: { field } }))
  })
})
