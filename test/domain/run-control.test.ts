import { describe, expect, test } from 'vitest'
import { runDecider } from '../../src/domain/run/decide.ts'
import { sentences } from '../support/decider.ts'
import * as c from '../support/run-commands.ts'
import * as e from '../support/run-events.ts'

const { given } = sentences(runDecider)
const asked = [e.requested(), e.queued()]
const running = [...asked, e.started()]
const atStage = [...running, e.stageStarted('extract')]

describe('a run is asked for', () => {
  test('once, and is due at once', () => {
    given().when(c.requestRun()).thenHappens(e.requested(), e.queued(1))
    given(...asked)
      .when(c.requestRun())
      .thenRejects('RUN_EXISTS')
  })

  test('in vain after its claim was taken over', () => {
    given().when(c.abandonRun).thenHappens(e.rejected)
    given(e.rejected).when(c.requestRun()).thenRejects('CLAIM_LOST')
  })

  test('and then nobody takes its claim over any more', () =>
    given(...asked)
      .when(c.abandonRun)
      .thenNothing())
})

describe('a pause', () => {
  test('lets the stage in progress finish and no other begin', () => {
    const paused = [...atStage, e.paused]
    given(...paused)
      .when(c.completeStage('extract'))
      .thenHappens(e.stageCompleted('extract'))
    given(...paused, e.stageCompleted('extract'))
      .when(c.startStage('load'))
      .thenRejects('RUN_PAUSED')
  })

  test('holds back the commit', () =>
    given(...running, ...e.allStages(), e.paused)
      .when(c.commitOutputs())
      .thenRejects('RUN_PAUSED'))

  test('lets the stage in progress fail, for good too', () =>
    given(...atStage, e.paused)
      .when(c.failRun({ retryable: false }))
      .thenHappens(e.stageFailed('extract'), e.failed()))

  test('twice is one pause', () =>
    given(...running, e.paused)
      .when(c.pauseRun)
      .thenNothing())

  test('comes too late after the commit', () =>
    given(...running, ...e.allStages(), e.committed())
      .when(c.pauseRun)
      .thenRejects('RUN_COMMITTED'))
})

describe('a resume', () => {
  test('lets a worker that is still at a stage go on', () => {
    given(...atStage, e.paused)
      .when(c.resumeRun)
      .thenHappens(e.resumed)
    given(...atStage, e.paused, e.resumed)
      .when(c.completeStage('extract'))
      .thenHappens(e.stageCompleted('extract'))
  })

  test('queues a run that no worker is at, for the next attempt', () => {
    given(...atStage, e.paused, e.stageCompleted('extract'))
      .when(c.resumeRun)
      .thenHappens(e.resumed, e.queued(2))
    given(...asked, e.paused)
      .when(c.resumeRun)
      .thenHappens(e.resumed, e.queued(1))
  })

  test('between two stages overtakes the worker, which then may not go on', () =>
    given(...running, e.paused, e.resumed, e.queued(2))
      .when(c.startStage('extract', 1))
      .thenRejects('RUN_NOT_RUNNING'))

  test('of what is not paused is refused', () => {
    given(...running)
      .when(c.resumeRun)
      .thenRejects('RUN_NOT_PAUSED')
    given(...running, e.paused, e.cancelRequested(2, false))
      .when(c.resumeRun)
      .thenRejects('RUN_NOT_PAUSED')
  })
})

describe('a cancel', () => {
  test('ends at once what no worker has taken up', () => {
    given(...asked)
      .when(c.cancelRun)
      .thenHappens(e.cancelRequested(1, false), e.canceled())
    given(...asked, e.paused)
      .when(c.cancelRun)
      .thenHappens(e.cancelRequested(1, false), e.canceled())
  })

  test('waits for the worker that is at it', () =>
    given(...atStage)
      .when(c.cancelRun)
      .thenHappens(e.cancelRequested(2, true)))

  test('knows that a paused run may still be held by the worker at its stage', () =>
    given(...atStage, e.paused)
      .when(c.cancelRun)
      .thenHappens(e.cancelRequested(2, true)))

  test.each([
    ['paused between stages', [...running, e.paused]],
    ['waiting for its retry', [...atStage, e.stageFailed('extract'), e.retryScheduled(1, e.atTime(9))]],
    ['queued again', [...atStage, e.stageFailed('extract'), e.retryScheduled(1, e.atTime(9)), e.queued(2)]],
  ])('of a run that is %s sends a worker to clean up', (_, events) =>
    given(...events)
      .when(c.cancelRun)
      .thenHappens(e.cancelRequested(2, false)),
  )

  test('is one cancel, however often it is asked', () =>
    given(...atStage, e.cancelRequested(2, true))
      .when(c.cancelRun)
      .thenNothing())

  test('turns away the worker, whatever its attempt', () => {
    const canceling = given(...atStage, e.cancelRequested(2, true))
    canceling.when(c.completeStage('extract')).thenRejects('RUN_CANCELING')
    canceling.when(c.startRun(2)).thenRejects('RUN_CANCELING')
    canceling.when(c.failRun()).thenRejects('RUN_CANCELING')
    canceling.when(c.pauseRun).thenRejects('RUN_CANCELING')
  })

  test('is confirmed with what was removed, once', () => {
    const canceling = [...atStage, e.cancelRequested(2, true)]
    given(...canceling)
      .when(c.confirmCancel(['a', 'b']))
      .thenHappens(e.canceled(['a', 'b']))
    given(...canceling, e.canceled(['a', 'b']))
      .when(c.confirmCancel(['c']))
      .thenNothing()
  })

  test('is confirmed only when it was asked for', () =>
    given(...atStage)
      .when(c.confirmCancel())
      .thenRejects('RUN_NOT_ACTIVE'))

  test('of a run that has ended is refused', () => {
    given(...atStage, e.stageFailed('extract'), e.failed())
      .when(c.cancelRun)
      .thenRejects('RUN_NOT_ACTIVE')
    expect(given(...atStage, e.stageFailed('extract'), e.failed()).state().error).toEqual(e.error)
  })
})
