import type { RunCommand } from '../../src/domain/run/commands.ts'
import type { RunEvent } from '../../src/domain/run/events.ts'
import { runOf } from '../support/ids.ts'
import * as command from '../support/run-commands.ts'
import * as e from '../support/run-events.ts'

const dueAt = e.atTime(15)
const asked = [e.requested(), e.queued(1)]
const running = [...asked, e.started(1)]
const atStage = [...running, e.stageStarted('extract')]
const staged = [...running, ...e.allStages()]
const committed = [...staged, e.committed()]
const retrying = [e.stageFailed('extract'), e.retryScheduled(1, dueAt)]

/** Everything that a run can be in the middle of; where it was taken up, by attempt 1. */
export const situations = {
  nothing: [],
  abandoned: [e.rejected],
  'awaiting approval': [e.requested({ approval: e.needed })],
  'approved, queued': [e.requested({ approval: e.needed }), e.queued(1)],
  queued: asked,
  'queued again': [...running, e.paused, e.resumed, e.queued(2)],
  'waiting for a retry': [...atStage, ...retrying],
  'between stages': running,
  'at a stage': atStage,
  'all staged': staged,
  committed,
  'output lost, waiting': [...committed, ...retrying],
  'paused unstarted': [...asked, e.paused],
  'paused at a stage': [...atStage, e.paused],
  'paused between stages': [...running, e.paused],
  'paused, all staged': [...staged, e.paused],
  'paused, then failed': [...atStage, e.paused, ...retrying],
  'canceling at a stage': [...atStage, e.cancelRequested(2, true)],
  'canceling, not held': [...running, e.paused, e.cancelRequested(2, false)],
  succeeded: [...committed, e.costRecorded, e.succeeded()],
  replayed: [
    e.requested({ replayOf: { runId: runOf('r0'), contract: 'v3.2' } }),
    ...committed.slice(1),
    e.costRecorded,
    e.succeeded(),
  ],
  failed: [...atStage, e.stageFailed('extract'), e.failed()],
  canceled: [...atStage, e.cancelRequested(2, true), e.canceled()],
} satisfies Record<string, RunEvent[]>

export type Situation = keyof typeof situations
export const everySituation = Object.keys(situations) as Situation[]

/** One command of each type, at a time when the retry is due. A worker says `attempt`, and starts the next one. */
export const commands: Record<RunCommand['type'], (attempt: number) => RunCommand> = {
  RequestRun: () => command.requestRun(),
  AbandonRun: () => command.abandonRun,
  ReleaseRun: () => command.releaseRun(),
  RefuseRun: () => command.refuseRun,
  QueueRetry: () => command.queueRetry(dueAt),
  PauseRun: () => command.pauseRun,
  ResumeRun: () => command.resumeRun,
  CancelRun: () => command.cancelRun,
  ConfirmCancel: () => command.confirmCancel(),
  StartRun: (attempt) => command.startRun(attempt + 1),
  StartStage: (attempt) => command.startStage('extract', attempt),
  CompleteStage: (attempt) => command.completeStage('extract', attempt),
  FailRun: (attempt) => command.failRun({ attempt }),
  CommitOutputs: (attempt) => command.commitOutputs(attempt),
  SucceedRun: (attempt) => command.succeedRun(attempt),
  ReconcileReplay: () => command.reconcileReplay,
  RecordDrift: () => command.recordDrift(),
}
