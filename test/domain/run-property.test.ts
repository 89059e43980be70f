import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RunEvent } from '../../src/domain/run/events.ts'
import { hasEnded, type RunStatus } from '../../src/domain/run/state.ts'
import { lives } from '../support/run-sequences.ts'

/** The picture of DESIGN.md section 5: where a run may go from where. Staying is always allowed. */
const transitions: Record<RunStatus | 'none', readonly RunStatus[]> = {
  none: ['queued', 'awaiting_approval', 'rejected'],
  awaiting_approval: ['queued', 'rejected', 'canceling'],
  queued: ['running', 'paused', 'canceling'],
  running: ['queued', 'paused', 'canceling', 'succeeded', 'failed'],
  paused: ['running', 'canceling', 'failed'],
  canceling: ['canceled'],
  succeeded: [],
  failed: [],
  rejected: [],
  canceled: [],
}

const beginsAnother: RunEvent['type'][] = ['RunStarted', 'RunQueued', 'RunCancelRequested']
const ends = ['RunSucceeded', 'RunFailed', 'RunCanceled', 'RunRejected'] as const
const countOf = (events: readonly RunEvent[], ...types: string[]) =>
  events.filter(({ type }) => types.includes(type)).length

describe('whatever is asked of a run, in whatever order,', () => {
  test('it goes only where the picture lets it go', () => {
    fc.assert(
      fc.property(lives, ({ turns }) => {
        const astray = turns.filter(
          ({ before, after }) =>
            after.status === null ||
            (after.status !== before.status && !transitions[before.status ?? 'none'].includes(after.status)),
        )
        expect(astray).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('it ends at most once, and nothing happens after the end but that a drift of each sink is recorded', () => {
    fc.assert(
      fc.property(lives, ({ events, turns, run }) => {
        expect(countOf(events, ...ends)).toBe(hasEnded(run) ? 1 : 0)
        const late = turns.filter(({ before }) => hasEnded(before))
        const sinks = late.map(({ before, event }) =>
          before.status === 'succeeded' && event.type === 'DriftDetected' ? event.data.sink : event.type,
        )
        expect(sinks).toEqual([...new Set(sinks)].filter((sink) => sink.startsWith('out-')))
      }),
      { numRuns: 300 },
    )
  })

  test('it commits at most once, never after a cancel, and succeeds only if it did', () => {
    fc.assert(
      fc.property(lives, ({ events, run }) => {
        const commits = countOf(events, 'OutputsCommitted')
        expect(commits).toBeLessThanOrEqual(1)
        if (commits === 1) expect(countOf(events, 'RunCancelRequested', 'RunCanceled')).toBe(0)
        if (run.status === 'succeeded') expect(commits).toBe(1)
      }),
      { numRuns: 300 },
    )
  })

  test('its attempts count from 1 without a gap, and each stage completes at most once', () => {
    fc.assert(
      fc.property(lives, ({ events }) => {
        const attempts = events.flatMap((event) => (event.type === 'RunStarted' ? [event.data.attempt] : []))
        expect(attempts).toEqual(attempts.map((_, index) => index + 1))
        const completed = events.flatMap((event) => (event.type === 'StageCompleted' ? [event.data.stage] : []))
        expect(new Set(completed).size).toBe(completed.length)
      }),
      { numRuns: 300 },
    )
  })

  test('an event carries the attempt that the run was at, or the next one where it makes that due', () => {
    fc.assert(
      fc.property(lives, ({ turns }) => {
        const others = turns.filter(
          ({ before, event }) =>
            'attempt' in event.data &&
            event.data.attempt !== (beginsAnother.includes(event.type) ? before.attempt + 1 : before.attempt),
        )
        expect(others).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})

test('the sequences tried get as far as every end', () => {
  const seen = new Set(fc.sample(lives, { numRuns: 500, seed: 1 }).map(({ run }) => run.status))
  expect([...seen]).toEqual(expect.arrayContaining(['succeeded', 'failed', 'canceled', 'rejected', 'paused', 'queued']))
})
