import type { DriftDetected, RunError, RunEvent, RunRequested, StagedFile } from './events.ts'

export type RunStatus =
  | 'awaiting_approval'
  | 'queued'
  | 'running'
  | 'paused'
  | 'canceling'
  | 'succeeded'
  | 'failed'
  | 'rejected'
  | 'canceled'

export interface Run {
  /** Null until it was requested. */
  requested: RunRequested | null
  status: RunStatus | null
  attempt: number
  failures: number
  /** Set while a failed run waits to be tried again. */
  retryDueAt: string | null
  /** The stage that a worker is at. */
  currentStage: string | null
  completed: Readonly<Record<string, { files: readonly StagedFile[]; rows: number }>>
  measured: { computeMs: number; bytesRead: number; bytesWritten: number }
  /** The commit point: what is to be published; null before it. */
  committed: readonly StagedFile[] | null
  error: RunError | null
  /** One per sink whose columns have changed. */
  drifts: readonly DriftDetected[]
  /** Whether it was compared with the run that it repeats. */
  reconciled: boolean
}

export const noRun: Run = {
  requested: null,
  status: null,
  attempt: 0,
  failures: 0,
  retryDueAt: null,
  currentStage: null,
  completed: {},
  measured: { computeMs: 0, bytesRead: 0, bytesWritten: 0 },
  committed: null,
  error: null,
  drifts: [],
  reconciled: false,
}

const ended: ReadonlySet<RunStatus | null> = new Set<RunStatus>(['succeeded', 'failed', 'rejected', 'canceled'])

/** A stage may bear any name, also one that every object knows. */
export const hasCompleted = (run: Run, stage: string): boolean => Object.hasOwn(run.completed, stage)

export const isEnd = (status: RunStatus | null): boolean => ended.has(status)
export const hasEnded = (run: Run): boolean => isEnd(run.status)

export const evolveRun = (run: Run, event: RunEvent): Run => {
  switch (event.type) {
    case 'RunRequested':
      return { ...run, requested: event.data, status: event.data.approval ? 'awaiting_approval' : 'queued' }
    case 'RunQueued':
      return { ...run, status: 'queued', retryDueAt: null }
    case 'RunRejected':
      return { ...run, status: 'rejected' }
    case 'RunStarted':
      return { ...run, status: 'running', attempt: event.data.attempt, currentStage: null }
    case 'StageStarted':
      return { ...run, currentStage: event.data.stage }
    case 'StageCompleted': {
      const { stage, files, rows, computeMs, bytesRead, bytesWritten } = event.data
      const measured = {
        computeMs: run.measured.computeMs + computeMs,
        bytesRead: run.measured.bytesRead + bytesRead,
        bytesWritten: run.measured.bytesWritten + bytesWritten,
      }
      return { ...run, currentStage: null, completed: { ...run.completed, [stage]: { files, rows } }, measured }
    }
    case 'StageFailed':
      return { ...run, currentStage: null, error: event.data.error }
    case 'RunRetryScheduled':
      // A paused run whose stage fails stays paused; its resume queues it.
      return {
        ...run,
        status: run.status === 'paused' ? 'paused' : 'queued',
        failures: event.data.failures,
        retryDueAt: event.data.dueAt,
      }
    case 'OutputsCommitted':
      return { ...run, committed: event.data.files }
    case 'RunSucceeded':
      return { ...run, status: 'succeeded', error: null }
    case 'RunFailed':
      return { ...run, status: 'failed', error: event.data.error }
    case 'RunPaused':
      return { ...run, status: 'paused' }
    case 'RunResumed':
      return { ...run, status: 'running' }
    case 'RunCancelRequested':
      return { ...run, status: 'canceling' }
    case 'RunCanceled':
      return { ...run, status: 'canceled', currentStage: null }
    case 'DriftDetected':
      return { ...run, drifts: [...run.drifts, event.data] }
    case 'ReplayReconciled':
      return { ...run, reconciled: true }
    case 'LineageRecorded':
    case 'RunCostRecorded':
      return run
  }
}
