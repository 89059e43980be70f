import { describe, expect, test } from 'vitest'
import { type Code, Rejection } from '../../src/domain/codes.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { runDecider } from '../../src/domain/run/decide.ts'
import type { RunEvent } from '../../src/domain/run/events.ts'
import { outcomeOf } from '../support/decider.ts'
import { commands, everySituation, type Situation, situations } from './run-situations.ts'

type Outcome = Code | RunEvent['type'] | `${RunEvent['type']}, ${RunEvent['type']}` | 'nothing'

const noRun: Situation[] = ['nothing', 'abandoned']
const ended: Situation[] = ['succeeded', 'replayed', 'failed', 'canceled']
const canceling: Situation[] = ['canceling at a stage', 'canceling, not held']
const waiting: Situation[] = ['waiting for a retry', 'output lost, waiting']
const running: Situation[] = ['between stages', 'at a stage', 'all staged', 'committed']
const approved: Situation[] = ['awaiting approval', 'approved, queued']
const queued: Situation[] = ['queued', 'queued again', 'approved, queued']
const paused: Situation[] = ['paused at a stage', 'paused between stages', 'paused, all staged', 'paused, then failed']
/** What no command of a worker can change. */
const closed = { RUN_NOT_FOUND: noRun, RUN_NOT_ACTIVE: ended, RUN_CANCELING: canceling }
/** The same, and what no worker is at. */
const unheld = {
  ...closed,
  RUN_NOT_RUNNING: ['queued again', ...waiting],
  STALE_ATTEMPT: ['queued', 'paused unstarted', ...approved],
} as const

const allBut = (...left: Situation[]) => everySituation.filter((situation) => !left.includes(situation))

/** For each command: each outcome, and the situations in which it comes out. */
const outcomes: Record<RunCommand['type'], { [outcome in Outcome]?: readonly Situation[] }> = {
  RequestRun: {
    'RunRequested, RunQueued': ['nothing'],
    CLAIM_LOST: ['abandoned'],
    RUN_EXISTS: allBut(...noRun),
  },
  AbandonRun: { RunRejected: ['nothing'], nothing: allBut('nothing') },
  ReleaseRun: {
    RUN_NOT_FOUND: noRun,
    RunQueued: ['awaiting approval'],
    nothing: ['approved, queued'],
    APPROVAL_MISMATCH: allBut(...noRun, ...approved),
  },
  RefuseRun: {
    RUN_NOT_FOUND: noRun,
    RunRejected: ['awaiting approval'],
    nothing: ['approved, queued'],
    APPROVAL_MISMATCH: allBut(...noRun, ...approved),
  },
  QueueRetry: { RUN_NOT_FOUND: noRun, RunQueued: waiting, nothing: allBut(...noRun, ...waiting) },
  PauseRun: {
    ...closed,
    RunPaused: [...queued, 'waiting for a retry', 'between stages', 'at a stage', 'all staged'],
    nothing: ['paused unstarted', ...paused],
    APPROVAL_PENDING: ['awaiting approval'],
    RUN_COMMITTED: ['committed', 'output lost, waiting'],
  },
  ResumeRun: {
    RUN_NOT_FOUND: noRun,
    RunResumed: ['paused at a stage'],
    'RunResumed, RunQueued': ['paused unstarted', 'paused between stages', 'paused, all staged', 'paused, then failed'],
    RUN_NOT_PAUSED: ['awaiting approval', ...queued, ...waiting, ...running, ...canceling, ...ended],
  },
  CancelRun: {
    RUN_NOT_FOUND: noRun,
    RUN_NOT_ACTIVE: ended,
    nothing: canceling,
    'RunCancelRequested, RunCanceled': ['queued', 'paused unstarted', ...approved],
    RunCancelRequested: [
      'queued again',
      'waiting for a retry',
      'between stages',
      'at a stage',
      'all staged',
      ...paused,
    ],
    RUN_COMMITTED: ['committed', 'output lost, waiting'],
  },
  ConfirmCancel: {
    RUN_NOT_FOUND: noRun,
    RunCanceled: canceling,
    nothing: ['canceled'],
    RUN_NOT_ACTIVE: allBut(...noRun, ...canceling, 'canceled'),
  },
  StartRun: {
    ...closed,
    RunStarted: [...queued, ...running],
    RUN_PAUSED: ['paused unstarted', ...paused],
    RUN_NOT_RUNNING: waiting,
    APPROVAL_PENDING: ['awaiting approval'],
  },
  StartStage: {
    ...unheld,
    StageStarted: ['between stages', 'at a stage'],
    nothing: ['all staged', 'committed'],
    RUN_PAUSED: paused,
  },
  CompleteStage: {
    ...unheld,
    StageCompleted: ['at a stage', 'paused at a stage'],
    nothing: ['all staged', 'committed', 'paused, all staged'],
    STAGE_OUT_OF_ORDER: ['between stages', 'paused between stages', 'paused, then failed'],
  },
  FailRun: {
    ...unheld,
    'StageFailed, RunRetryScheduled': ['between stages', 'at a stage', 'all staged', ...paused],
    RUN_COMMITTED: ['committed'],
  },
  CommitOutputs: {
    ...unheld,
    OutputsCommitted: ['all staged'],
    STAGE_OUT_OF_ORDER: ['between stages', 'at a stage'],
    RUN_PAUSED: paused,
    nothing: ['committed'],
  },
  SucceedRun: {
    ...unheld,
    'RunCostRecorded, RunSucceeded': ['committed'],
    STAGE_OUT_OF_ORDER: ['between stages', 'at a stage', 'all staged', ...paused],
  },
  ReconcileReplay: {
    RUN_NOT_FOUND: noRun,
    ReplayReconciled: ['replayed'],
    STAGE_OUT_OF_ORDER: allBut(...noRun, 'replayed'),
  },
  RecordDrift: {
    RUN_NOT_FOUND: noRun,
    DriftDetected: ['succeeded', 'replayed'],
    STAGE_OUT_OF_ORDER: allBut(...noRun, 'succeeded', 'replayed'),
  },
}

const types = Object.keys(outcomes) as RunCommand['type'][]
/** A worker says the attempt that it has a job for, be it that the run was never taken up. */
const commandFor = (type: RunCommand['type'], attempt: number) =>
  commands[type](type === 'StartRun' ? attempt : attempt || 1)
const foldOf = (situation: Situation) => situations[situation].reduce(runDecider.evolve, runDecider.initial)

const told = (situation: Situation, command: RunCommand): string => {
  const outcome = outcomeOf(runDecider, situations[situation], command)
  if ('rejected' in outcome) return outcome.rejected
  return outcome.events.map(({ type }) => type).join(', ') || 'nothing'
}

describe.each(types)('%s', (type) => {
  const cells = Object.entries(outcomes[type]).flatMap(([outcome, found]) =>
    found.map((situation) => ({ situation, outcome })),
  )

  test('is decided in every situation', () => {
    expect(cells.map(({ situation }) => situation).sort()).toEqual([...everySituation].sort())
  })

  test.each(cells)('$situation: $outcome', ({ situation, outcome }) => {
    expect(told(situation, commandFor(type, foldOf(situation).attempt))).toBe(outcome)
  })
})

const workerTypes = ['StartRun', 'StartStage', 'CompleteStage', 'FailRun', 'CommitOutputs', 'SucceedRun'] as const

describe.each(everySituation)('%s', (situation) => {
  test.each([
    ['an earlier', -1],
    ['a later', 1],
  ])('a worker with %s attempt is refused whatever it says', (_, distance) => {
    const run = foldOf(situation)
    for (const type of workerTypes) {
      const command = commands[type](run.attempt + distance)
      expect(() => runDecider.decide(command, run), type).toThrow(Rejection)
    }
  })
})

test.each(ended)('nothing happens any more to a run that has %s, but that what it made is compared', (situation) => {
  for (const type of types) {
    if (type === 'RecordDrift' || type === 'ReconcileReplay') continue
    const outcome = outcomeOf(runDecider, situations[situation], commands[type](1))
    expect('rejected' in outcome || outcome.events.length === 0, type).toBe(true)
  }
})
