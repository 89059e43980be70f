import { Rejection } from '../codes.ts'
import type { RunId } from '../ids.ts'
import type { ControlCommand } from './commands.ts'
import { driftBetween, hasDrifted } from './drift.ts'
import type { Due, RunEvent } from './events.ts'
import { hasEnded, type Run } from './state.ts'

type Of<Type extends ControlCommand['type']> = Extract<ControlCommand, { type: Type }>

export const requestRun = ({ request }: Of<'RequestRun'>, run: Run): RunEvent[] => {
  const { runId } = request
  if (run.status === 'rejected' && !run.requested) {
    throw new Rejection('CLAIM_LOST', `the claim of run ${runId} was taken over; ask again`, { runId })
  }
  if (run.status !== null) throw new Rejection('RUN_EXISTS', `run '${runId}' exists already`, { runId })
  const requested: RunEvent = { type: 'RunRequested', data: request }
  if (request.approval) return [requested]
  return [requested, { type: 'RunQueued', data: { runId, engine: request.engine, attempt: 1 } }]
}

export const abandonRun = ({ runId, reason }: Of<'AbandonRun'>, run: Run): RunEvent[] =>
  run.status === null ? [{ type: 'RunRejected', data: { runId, reason } }] : []

export const queueRetry = ({ runId, at }: Of<'QueueRetry'>, run: Run): RunEvent[] => {
  if (run.status !== 'queued' || run.retryDueAt === null || run.retryDueAt > at) return []
  return [{ type: 'RunQueued', data: nextAttempt(runId, run) }]
}

export const pauseRun = ({ runId }: Of<'PauseRun'>, run: Run): RunEvent[] => {
  if (run.status === 'paused') return []
  assertStoppable(run)
  if (run.status === 'awaiting_approval') throw new Rejection('APPROVAL_PENDING', `run '${runId}' awaits its approval`)
  return [{ type: 'RunPaused', data: { runId } }]
}

/** A worker that is still at a stage goes on; otherwise the run is queued again. */
export const resumeRun = ({ runId }: Of<'ResumeRun'>, run: Run): RunEvent[] => {
  if (run.status !== 'paused') {
    throw new Rejection('RUN_NOT_PAUSED', `run '${runId}' is ${run.status}, not paused`, { runId })
  }
  const resumed: RunEvent = { type: 'RunResumed', data: { runId } }
  if (run.currentStage !== null) return [resumed]
  return [resumed, { type: 'RunQueued', data: nextAttempt(runId, run) }]
}

/** What no worker has taken up has staged nothing and ends at once; the rest is cleaned up by a worker. */
export const cancelRun = ({ runId }: Of<'CancelRun'>, run: Run): RunEvent[] => {
  if (run.status === 'canceling') return []
  assertStoppable(run)
  const held = run.status === 'running' || run.currentStage !== null
  const requested: RunEvent = { type: 'RunCancelRequested', data: { ...nextAttempt(runId, run), held } }
  return run.attempt === 0 ? [requested, { type: 'RunCanceled', data: { runId, removed: [] } }] : [requested]
}

export const confirmCancel = ({ runId, removed }: Of<'ConfirmCancel'>, run: Run): RunEvent[] => {
  if (run.status === 'canceled') return []
  if (run.status !== 'canceling') throw new Rejection('RUN_NOT_ACTIVE', `run '${runId}' is ${run.status}`, { runId })
  return [{ type: 'RunCanceled', data: { runId, removed } }]
}

/** Of each sink once, whoever has compared it. */
export const recordDrift = ({ runId, sink, since, before, after }: Of<'RecordDrift'>, run: Run): RunEvent[] => {
  if (run.status !== 'succeeded') {
    throw new Rejection('STAGE_OUT_OF_ORDER', `run '${runId}' is ${run.status}, it has not succeeded`, { runId })
  }
  if (run.drifts.some((drift) => drift.sink === sink)) return []
  const drift = driftBetween(before, after)
  return hasDrifted(drift) ? [{ type: 'DriftDetected', data: { runId, sink, since, ...drift } }] : []
}

const nextAttempt = (runId: RunId, run: Run): Due => ({
  runId,
  engine: run.requested?.engine ?? '',
  attempt: run.attempt + 1,
})

const assertStoppable = (run: Run): void => {
  const runId = run.requested?.runId ?? ''
  if (hasEnded(run)) {
    throw new Rejection('RUN_NOT_ACTIVE', `run '${runId}' has ended: ${run.status}`, { runId, status: run.status })
  }
  if (run.status === 'canceling') throw new Rejection('RUN_CANCELING', `run '${runId}' is being canceled`, { runId })
  if (run.committed) throw new Rejection('RUN_COMMITTED', `run '${runId}' has committed its outputs`, { runId })
}
