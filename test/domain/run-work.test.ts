import { describe, expect, test } from 'vitest'
import { runDecider } from '../../src/domain/run/decide.ts'
import { sentences } from '../support/decider.ts'
import { cancelRun, commitOutputs, completeStage, startRun, startStage, succeedRun } from '../support/run-commands.ts'
import * as e from '../support/run-events.ts'

const { given } = sentences(runDecider)
const asked = [e.requested(), e.queued()]
const running = [...asked, e.started()]
const staged = [...running, ...e.allStages()]

describe('a worker takes a run up', () => {
  test('once: the second delivery of a job is turned away', () =>
    given(...running)
      .when(startRun(1, 'box.2'))
      .thenRejects('STALE_ATTEMPT'))

  test('again, by the next attempt, when the first was lost', () =>
    given(...running)
      .when(startRun(2, 'box.2'))
      .thenHappens(e.started(2, 'box.2')))

  test('and no attempt is left out', () =>
    given(...asked)
      .when(startRun(2))
      .thenRejects('STALE_ATTEMPT'))

  test('but not while it is paused, nor before its retry is due', () => {
    given(...asked, e.paused)
      .when(startRun(1))
      .thenRejects('RUN_PAUSED')
    given(...running, e.stageFailed(null), e.retryScheduled(1, e.atTime(9)))
      .when(startRun(2))
      .thenRejects('RUN_NOT_RUNNING')
  })
})

describe('stages', () => {
  test('run in the order of the request', () => {
    given(...running)
      .when(startStage('extract'))
      .thenHappens(e.stageStarted('extract'))
    given(...running)
      .when(startStage('load'))
      .thenRejects('STAGE_OUT_OF_ORDER')
    given(...running)
      .when(startStage('unheard of'))
      .thenRejects('STAGE_OUT_OF_ORDER')
  })

  test('that an earlier attempt completed are not run again', () => {
    const resumed = given(...running, e.stageStarted('extract'), e.stageCompleted('extract'), e.started(2))
    resumed.when(startStage('extract', 2)).thenNothing()
    resumed.when(startStage('load', 2)).thenHappens(e.stageStarted('load', 2))
  })

  test('that were in progress when their worker was lost begin anew', () => {
    const resumed = given(...running, e.stageStarted('extract'), e.started(2))
    resumed.when(completeStage('extract', 2)).thenRejects('STAGE_OUT_OF_ORDER')
    resumed.when(startStage('extract', 2)).thenHappens(e.stageStarted('extract', 2))
  })

  test('complete once, however often that is said', () => {
    const at = [...running, e.stageStarted('extract')]
    given(...at)
      .when(completeStage('extract'))
      .thenHappens(e.stageCompleted('extract'))
    given(...at, e.stageCompleted('extract'))
      .when(completeStage('extract'))
      .thenNothing()
  })

  test('complete only when they have been started', () =>
    given(...running, e.stageStarted('extract'))
      .when(completeStage('load'))
      .thenRejects('STAGE_OUT_OF_ORDER'))

  test('of a lost worker are not taken from it any more', () =>
    given(...running, e.stageStarted('extract'), e.started(2), e.stageStarted('extract', 2))
      .when(completeStage('extract', 1))
      .thenRejects('STALE_ATTEMPT'))

  test('tell their lineage where they know it', () => {
    const lineage = { inputs: [{ namespace: 'file', name: 'a' }], outputs: [] }
    given(...running, e.stageStarted('extract'))
      .when(completeStage('extract', 1, { lineage }))
      .thenHappens(e.stageCompleted('extract'), e.lineageRecorded('extract'))
  })

  test.each(['constructor', 'toString', 'hasOwnProperty'])('may bear the name %s, and are run all the same', (name) => {
    const named = [e.requested({ stages: [name] }), e.queued(), e.started()]
    given(...named)
      .when(startStage(name))
      .thenHappens(e.stageStarted(name))
    given(...named)
      .when(commitOutputs())
      .thenRejects('STAGE_OUT_OF_ORDER')
  })
})

describe('the commit', () => {
  test('takes the files of the completed stages, in their order, and no others', () => {
    const files = [e.fileOf('a', 1), e.fileOf('b', 2), e.fileOf('c', 3)]
    given(
      ...running,
      e.stageStarted('extract'),
      e.stageCompleted('extract', 1, { files: files.slice(0, 2) }),
      e.started(2),
      e.stageStarted('load', 2),
      e.stageCompleted('load', 2, { files: files.slice(2) }),
    )
      .when(commitOutputs(2))
      .thenHappens(e.committed(2, files))
  })

  test('takes the later of two files for one target', () => {
    const twice = [e.fileOf('a', 1), e.fileOf('b', 2)]
    given(
      ...running,
      e.stageStarted('extract'),
      e.stageCompleted('extract', 1, { files: twice }),
      e.stageStarted('load'),
      e.stageCompleted('load', 1, { files: [e.fileOf('a', 3)] }),
    )
      .when(commitOutputs())
      .thenHappens(e.committed(1, [e.fileOf('a', 3), e.fileOf('b', 2)]))
  })

  test('waits for every stage', () =>
    given(...running, e.stageStarted('extract'), e.stageCompleted('extract'))
      .when(commitOutputs())
      .thenRejects('STAGE_OUT_OF_ORDER'))

  test('happens once, also for whoever resumes', () => {
    given(...staged, e.committed())
      .when(commitOutputs())
      .thenNothing()
    given(...staged, e.committed(), e.started(2))
      .when(commitOutputs(2))
      .thenNothing()
  })

  test('may be refused to a worker that was overtaken', () =>
    given(...staged, e.started(2))
      .when(commitOutputs(1))
      .thenRejects('STALE_ATTEMPT'))

  test('of nothing is a commit too', () =>
    given(e.requested({ stages: [] }), e.queued(), e.started())
      .when(commitOutputs())
      .thenHappens(e.committed(1, [])))

  test('is what a cancel comes too late for', () =>
    given(...staged, e.committed())
      .when(cancelRun)
      .thenRejects('RUN_COMMITTED'))
})

describe('success', () => {
  test('comes with the cost, after the commit only', () => {
    given(...staged)
      .when(succeedRun())
      .thenRejects('STAGE_OUT_OF_ORDER')
    given(...staged, e.committed())
      .when(succeedRun())
      .thenHappens(e.costRecorded, e.succeeded())
  })

  test('may be said by the attempt that rolled the commit forward, not by the one that made it', () => {
    const taken = given(...staged, e.committed(), e.started(2))
    taken.when(succeedRun(1)).thenRejects('STALE_ATTEMPT')
    taken.when(succeedRun(2)).thenHappens(e.costRecorded, e.succeeded(2))
  })

  test('leaves no error behind, though an attempt failed before', () => {
    const failing = [e.stageStarted('extract'), e.stageFailed('extract'), e.retryScheduled(1, e.atTime(9)), e.queued(2)]
    const run = given(
      ...running,
      ...failing,
      e.started(2),
      ...e.allStages(2),
      e.committed(2),
      e.costRecorded,
      e.succeeded(2),
    )
    expect(run.state()).toMatchObject({ status: 'succeeded', error: null, failures: 1, attempt: 2 })
  })
})
