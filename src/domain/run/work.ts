import { Rejection } from '../codes.ts'
import type { WorkerCommand } from './commands.ts'
import type { RunEvent } from './events.ts'
import { hasCompleted, hasEnded, type Run } from './state.ts'

type Of<Type extends WorkerCommand['type']> = Extract<WorkerCommand, { type: Type }>

const retryDelayMaxMs = 86_400_000

/** An attempt is taken up once: the second worker that a doubled delivery wakes is turned away here. */
export const startRun = ({ runId, attempt, worker }: Of<'StartRun'>, run: Run): RunEvent[] => {
  assertActive(run)
  if (run.status === 'paused') throw new Rejection('RUN_PAUSED', `run '${runId}' is paused`)
  if (run.status === 'awaiting_approval') throw new Rejection('APPROVAL_PENDING', `run '${runId}' awaits its approval`)
  if (run.retryDueAt !== null) throw new Rejection('RUN_NOT_RUNNING', `run '${runId}' waits for its retry`)
  if (attempt !== run.attempt + 1) throw stale(run, attempt)
  return [{ type: 'RunStarted', data: { runId, attempt, worker } }]
}

export const startStage = ({ runId, attempt, stage }: Of<'StartStage'>, run: Run): RunEvent[] => {
  assertHolds(run, attempt)
  if (run.status === 'paused') throw new Rejection('RUN_PAUSED', `run '${runId}' is paused`)
  if (hasCompleted(run, stage)) return []
  const next = run.requested?.stages.find((name) => !hasCompleted(run, name))
  if (stage !== next) {
    throw new Rejection('STAGE_OUT_OF_ORDER', `the next stage of run '${runId}' is '${next}', not '${stage}'`)
  }
  return [{ type: 'StageStarted', data: { runId, attempt, stage } }]
}

/** A pause lets the stage in progress finish; a cancel does not. */
export const completeStage = (command: Of<'CompleteStage'>, run: Run): RunEvent[] => {
  const { type: _, lineage, ...data } = command
  assertHolds(run, data.attempt)
  if (hasCompleted(run, data.stage)) return []
  if (run.currentStage !== data.stage) {
    throw new Rejection('STAGE_OUT_OF_ORDER', `run '${data.runId}' is not at stage '${data.stage}'`)
  }
  const completed: RunEvent = { type: 'StageCompleted', data }
  if (!lineage) return [completed]
  return [completed, { type: 'LineageRecorded', data: { runId: data.runId, stage: data.stage, lineage } }]
}

/** After the commit point only the loss of what was committed can fail a run. */
export const failRun = (command: Of<'FailRun'>, run: Run): RunEvent[] => {
  const { runId, attempt, stage, error, at } = command
  assertHolds(run, attempt)
  if (run.committed && error.code !== 'OUTPUT_LOST') {
    throw new Rejection('RUN_COMMITTED', `run '${runId}' has committed its outputs`)
  }
  const failed: RunEvent = { type: 'StageFailed', data: { runId, attempt, stage, error } }
  const { retries = 0, retryDelaySeconds = 0 } = run.requested ?? {}
  if (!command.retryable || run.failures >= retries) {
    return [failed, { type: 'RunFailed', data: { runId, stage, error } }]
  }
  const delayMs = Math.min(retryDelayMaxMs, retryDelaySeconds * 1000 * 2 ** run.failures)
  const dueAt = new Date(Date.parse(at) + delayMs).toISOString()
  return [failed, { type: 'RunRetryScheduled', data: { runId, failures: run.failures + 1, dueAt } }]
}

/**
 * The commit point: what is published is what the completed stages have staged, not what a worker says. Of two files
 * for one target the later stage's is meant.
 */
export const commitOutputs = ({ runId, attempt }: Of<'CommitOutputs'>, run: Run): RunEvent[] => {
  assertHolds(run, attempt)
  if (run.committed) return []
  if (run.status === 'paused') throw new Rejection('RUN_PAUSED', `run '${runId}' is paused`)
  const stages = run.requested?.stages ?? []
  const missing = stages.find((stage) => !hasCompleted(run, stage))
  if (missing !== undefined) {
    throw new Rejection('STAGE_OUT_OF_ORDER', `stage '${missing}' of run '${runId}' has not completed`)
  }
  const staged = stages.flatMap((stage) => run.completed[stage]?.files ?? [])
  const files = [...new Map(staged.map((file) => [file.target, file])).values()]
  return [{ type: 'OutputsCommitted', data: { runId, attempt, files } }]
}

export const succeedRun = ({ runId, attempt, cost }: Of<'SucceedRun'>, run: Run): RunEvent[] => {
  assertHolds(run, attempt)
  if (!run.committed) throw new Rejection('STAGE_OUT_OF_ORDER', `run '${runId}' has not committed its outputs`)
  return [
    { type: 'RunCostRecorded', data: { runId, cost } },
    { type: 'RunSucceeded', data: { runId, attempt } },
  ]
}

const stale = (run: Run, attempt: number): Rejection =>
  new Rejection('STALE_ATTEMPT', `attempt ${attempt} is not the run's: it is at attempt ${run.attempt}`)

const assertActive = (run: Run): void => {
  if (!run.requested) throw new Rejection('RUN_NOT_FOUND', 'no such run')
  const { runId } = run.requested
  if (hasEnded(run)) throw new Rejection('RUN_NOT_ACTIVE', `run '${runId}' has ended: ${run.status}`)
  if (run.status === 'canceling') throw new Rejection('RUN_CANCELING', `run '${runId}' is being canceled`)
}

const assertHolds = (run: Run, attempt: number): void => {
  assertActive(run)
  if (attempt !== run.attempt) throw stale(run, attempt)
  if (run.status !== 'running' && run.status !== 'paused') {
    throw new Rejection('RUN_NOT_RUNNING', `run '${run.requested?.runId}' is ${run.status}`)
  }
}
