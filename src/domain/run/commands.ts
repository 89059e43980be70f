import type { RunId } from '../ids.ts'
import type { Column } from './drift.ts'
import type { RunCost, RunError, RunRequested, StageCompleted } from './events.ts'
import type { Lineage } from './lineage.ts'
import type { Run } from './state.ts'

/** What an operator or a process manager asks of a run. */
export type ControlCommand =
  | { type: 'RequestRun'; request: RunRequested }
  /** Keeps a run that was never requested from coming about: its partition's claim has been taken over. */
  | { type: 'AbandonRun'; runId: RunId; reason: string }
  /** Its approval was consumed; it is for the very request that `commandHash` is of. */
  | { type: 'ReleaseRun'; runId: RunId; approvalId: string; commandHash: string }
  /** Its approval will not come. */
  | { type: 'RefuseRun'; runId: RunId; approvalId: string; reason: string }
  | { type: 'QueueRetry'; runId: RunId; at: string }
  | { type: 'PauseRun'; runId: RunId }
  | { type: 'ResumeRun'; runId: RunId }
  | { type: 'CancelRun'; runId: RunId }
  | { type: 'ConfirmCancel'; runId: RunId; removed: string[] }
  /** `original` is what the run that it repeats had made. */
  | { type: 'ReconcileReplay'; runId: RunId; original: Run['completed'] }
  /** `before` is what `since` has written to the sink, `after` what this run has. */
  | { type: 'RecordDrift'; runId: RunId; sink: string; since: RunId; before: Column[]; after: Column[] }

/** What a worker reports. Each carries the worker's attempt, and one that is not the run's own is refused. */
export type WorkerCommand =
  | { type: 'StartRun'; runId: RunId; attempt: number; worker: string }
  | { type: 'StartStage'; runId: RunId; attempt: number; stage: string }
  | ({ type: 'CompleteStage'; lineage: Lineage | null } & StageCompleted)
  | {
      type: 'FailRun'
      runId: RunId
      attempt: number
      stage: string | null
      error: RunError
      retryable: boolean
      at: string
    }
  | { type: 'CommitOutputs'; runId: RunId; attempt: number }
  | { type: 'SucceedRun'; runId: RunId; attempt: number; cost: RunCost }

export type RunCommand = ControlCommand | WorkerCommand
