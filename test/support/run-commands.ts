import type { RunCommand } from '../../src/domain/run/commands.ts'
import type { RunRequested } from '../../src/domain/run/events.ts'
import { runOf } from './ids.ts'
import { atTime, columnsOf, cost, error, fileOf, needed, requestOf, runId } from './run-events.ts'

export const requestRun = (over: Partial<RunRequested> = {}): RunCommand => ({
  type: 'RequestRun',
  request: requestOf(over),
})
export const abandonRun: RunCommand = { type: 'AbandonRun', runId, reason: 'its claim was taken over' }
export const releaseRun = (over: Partial<Extract<RunCommand, { type: 'ReleaseRun' }>> = {}): RunCommand => ({
  type: 'ReleaseRun',
  runId,
  approvalId: needed.approvalId,
  commandHash: needed.commandHash,
  ...over,
})
export const refuseRun: RunCommand = { type: 'RefuseRun', runId, approvalId: needed.approvalId, reason: 'no' }
export const queueRetry = (at: string): RunCommand => ({ type: 'QueueRetry', runId, at })
export const pauseRun: RunCommand = { type: 'PauseRun', runId }
export const resumeRun: RunCommand = { type: 'ResumeRun', runId }
export const cancelRun: RunCommand = { type: 'CancelRun', runId }
export const confirmCancel = (removed: string[] = []): RunCommand => ({ type: 'ConfirmCancel', runId, removed })
export const startRun = (attempt = 1, worker = 'box.1'): RunCommand => ({ type: 'StartRun', runId, attempt, worker })
export const startStage = (stage: string, attempt = 1): RunCommand => ({ type: 'StartStage', runId, attempt, stage })
export const completeStage = (
  stage: string,
  attempt = 1,
  over: Partial<Extract<RunCommand, { type: 'CompleteStage' }>> = {},
): RunCommand => ({
  type: 'CompleteStage',
  runId,
  attempt,
  stage,
  output: { rows: 3 },
  rows: 3,
  bytesRead: 100,
  bytesWritten: 10,
  computeMs: 500,
  files: [fileOf(`${stage}.parquet`)],
  lineage: null,
  ...over,
})
export const failRun = (over: Partial<Extract<RunCommand, { type: 'FailRun' }>> = {}): RunCommand => ({
  type: 'FailRun',
  runId,
  attempt: 1,
  stage: 'extract',
  error,
  retryable: true,
  at: atTime(10),
  ...over,
})
export const commitOutputs = (attempt = 1): RunCommand => ({ type: 'CommitOutputs', runId, attempt })
export const succeedRun = (attempt = 1): RunCommand => ({ type: 'SucceedRun', runId, attempt, cost })
export const reconcileReplay: RunCommand = { type: 'ReconcileReplay', runId, original: {} }
/** By default from `a, b` to `b, c`. */
export const recordDrift = (over: Partial<Extract<RunCommand, { type: 'RecordDrift' }>> = {}): RunCommand => ({
  type: 'RecordDrift',
  runId,
  sink: 'out',
  since: runOf('r0'),
  before: columnsOf('a', 'b'),
  after: columnsOf('b', 'c'),
  ...over,
})
