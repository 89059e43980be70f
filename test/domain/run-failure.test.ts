import { describe, expect, test } from 'vitest'
import { runDecider } from '../../src/domain/run/decide.ts'
import { sentences } from '../support/decider.ts'
import { failRun, queueRetry, resumeRun, startRun } from '../support/run-commands.ts'
import * as e from '../support/run-events.ts'

const { given } = sentences(runDecider)
const begun = (over: Parameters<typeof e.requested>[0] = {}) => [
  e.requested(over),
  e.queued(),
  e.started(),
  e.stageStarted('extract'),
]
const failedOnce = (dueAt = e.atTime(15)) => [e.stageFailed('extract'), e.retryScheduled(1, dueAt)]
const lost = { code: 'OUTPUT_LOST', message: 'a committed file is gone' }

describe('a failure', () => {
  test('of a retryable kind is tried again after the delay', () =>
    given(...begun())
      .when(failRun())
      .thenHappens(e.stageFailed('extract'), e.retryScheduled(1, e.atTime(15))))

  test('that is not retryable ends the run, with retries to spare', () =>
    given(...begun())
      .when(failRun({ retryable: false }))
      .thenHappens(e.stageFailed('extract'), e.failed()))

  test('without retries ends the run', () =>
    given(...begun({ retries: 0 }))
      .when(failRun())
      .thenHappens(e.stageFailed('extract'), e.failed()))

  test('outside of any stage is a failure all the same', () =>
    given(e.requested({ retries: 0 }), e.queued(), e.started())
      .when(failRun({ stage: null }))
      .thenHappens(e.stageFailed(null), e.failed(null)))

  test('that a lost worker reports changes nothing', () =>
    given(...begun(), e.started(2))
      .when(failRun())
      .thenRejects('STALE_ATTEMPT'))

  test('after the commit cannot fail the run: who resumes rolls it forward', () =>
    given(...begun(), ...e.allStages(), e.committed())
      .when(failRun({ stage: null }))
      .thenRejects('RUN_COMMITTED'))

  test('after the commit ends the run when what was committed is lost', () =>
    given(...begun(), ...e.allStages(), e.committed())
      .when(failRun({ stage: null, error: lost, retryable: false }))
      .thenHappens(
        { type: 'StageFailed', data: { runId: e.runId, attempt: 1, stage: null, error: lost } },
        { type: 'RunFailed', data: { runId: e.runId, stage: null, error: lost } },
      ))
})

describe('the pause between tries', () => {
  test.each([
    [0, 5],
    [1, 10],
    [2, 20],
    [5, 160],
  ])('after %d failures is %d seconds', (failures, seconds) => {
    const earlier = Array.from({ length: failures }, (_, index) => [
      e.stageFailed('extract', index + 1),
      e.retryScheduled(index + 1, e.atTime(1)),
      e.queued(index + 2),
      e.started(index + 2),
    ])
    const attempt = failures + 1
    given(...begun({ retries: 10 }), ...earlier.flat())
      .when(failRun({ attempt, at: e.atTime(1_000) }))
      .thenHappens(e.stageFailed('extract', attempt), e.retryScheduled(failures + 1, e.atTime(1_000 + seconds)))
  })

  test('may be none', () =>
    given(...begun({ retryDelaySeconds: 0 }))
      .when(failRun())
      .thenHappens(e.stageFailed('extract'), e.retryScheduled(1, e.atTime(10))))

  test('is bounded: after 99 failures it still ends at a time that a clock can show', () => {
    const run = { ...given(...begun({ retries: 100 })).state(), failures: 99 }
    const [, scheduled] = runDecider.decide(failRun(), run)
    expect(scheduled).toMatchObject({ data: { dueAt: expect.stringMatching(/^\d{4}-/) } })
  })

  test('counts failures, not attempts: a lost worker costs no retry', () => {
    const run = [...begun({ retries: 1 }), e.started(2), e.started(3)]
    given(...run)
      .when(failRun({ attempt: 3 }))
      .thenHappens(e.stageFailed('extract', 3), e.retryScheduled(1, e.atTime(15)))
    given(...run, ...failedOnce(), e.queued(4), e.started(4))
      .when(failRun({ attempt: 4 }))
      .thenHappens(e.stageFailed('extract', 4), e.failed())
  })
})

describe('a retry', () => {
  test('is queued once it is due, not before', () => {
    const waiting = given(...begun(), ...failedOnce(e.atTime(15)))
    waiting.when(queueRetry(e.atTime(14))).thenNothing()
    waiting.when(queueRetry(e.atTime(15))).thenHappens(e.queued(2))
  })

  test('is queued once, however often that is asked', () =>
    given(...begun(), ...failedOnce(), e.queued(2))
      .when(queueRetry(e.atTime(99)))
      .thenNothing())

  test('while the run is paused waits for its resume', () => {
    const paused = [...begun(), e.paused, ...failedOnce()]
    expect(given(...paused).state().status).toBe('paused')
    given(...paused)
      .when(queueRetry(e.atTime(99)))
      .thenNothing()
    given(...paused)
      .when(resumeRun)
      .thenHappens(e.resumed, e.queued(2))
  })

  test('that was resumed can be taken up at once', () =>
    given(...begun(), e.paused, ...failedOnce(), e.resumed, e.queued(2))
      .when(startRun(2))
      .thenHappens(e.started(2)))

  test('keeps the stages that have completed', () => {
    const run = given(...begun(), e.stageCompleted('extract'), e.stageStarted('load'), ...failedOnce(), e.queued(2))
    expect(Object.keys(run.state().completed)).toEqual(['extract'])
  })
})
