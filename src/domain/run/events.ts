import type { ApprovalNeeded } from '../approval/events.ts'
import type { CommandId, PartitionKey, PipelineId, RunId, Slug } from '../ids.ts'
import type { JsonObject } from '../json.ts'
import type { Environment } from '../pipeline/environments.ts'
import type { Drift, SinkSchema } from './drift.ts'
import type { Lineage } from './lineage.ts'

/** A file that waits in the staging folder. Paths are relative to the tenant's directory; sha256 is lower-case hex. */
export interface StagedFile {
  target: string
  staged: string
  sha256: string
  bytes: number
}

export interface RunError {
  code: string
  message: string
}

/** What a run has used, and what that costs: rates (US dollars per unit, from config) times what was measured. */
export interface RunCost {
  computeSeconds: number
  bytesStored: number
  bytesMoved: number
  computeUsd: number
  storageUsd: number
  networkUsd: number
  totalUsd: number
}

export interface RunRequested {
  runId: RunId
  pipelineId: PipelineId
  pipeline: Slug
  manifestVersion: string
  manifestHash: string
  engine: string
  stages: string[]
  partition: PartitionKey | null
  /** What the batch dialect calls the batch; null in dialects that know none. */
  batchId: string | null
  /** ISO time of the asking. */
  requestedAt: string
  parameters: JsonObject
  retries: number
  retryDelaySeconds: number
  /** The claim that this run holds on its partition, by the command that took it; null when none is needed. */
  claim: CommandId | null
  /** Missing in what was requested before there were environments, which is dev. */
  environment?: Environment
  /** Numbers of the overrides that apply to its manifest, in order; missing where none do. */
  overrides?: number[]
  replayOf?: ReplayOf
  backfillId?: string
  approval?: ApprovalNeeded
}

/** The run again that failed or is to be done anew; `contract` is the version that its output was promised in. */
export interface ReplayOf {
  runId: RunId
  contract: string | null
}

/** That an attempt of a run is due on an engine. */
export interface Due {
  runId: RunId
  engine: string
  attempt: number
}

/** Rows that a check turned away while the others went on. They are in a file of their own, one of the stage's. */
export interface RejectedRows {
  check: string
  /** The source or transformation that they were rows of. */
  table: string
  /** In words, for whoever looks into it. */
  reason: string
  rows: number
  /** The target of their file, relative to the tenant's directory. */
  file: string
}

export interface StageCompleted {
  runId: RunId
  attempt: number
  stage: string
  output: JsonObject
  rows: number
  bytesRead: number
  bytesWritten: number
  computeMs: number
  files: StagedFile[]
  /** Of the sinks that the stage wrote; missing where nothing is known of them. */
  schema?: SinkSchema[]
  /** Missing where no row was turned away. */
  rejected?: RejectedRows[]
}

/** That a run has written a sink with other columns than `since`, the last run before it that succeeded with the sink. */
export interface DriftDetected extends Drift {
  runId: RunId
  sink: string
  since: RunId
}

/** What a replay has made, beside what the run that it repeats had made; null is what that one never came to. */
export interface ReplayReconciled {
  runId: RunId
  replayOf: RunId
  stages: { stage: string; rowsBefore: number | null; rowsAfter: number }[]
  files: { target: string; sha256Before: string | null; sha256After: string }[]
  isSame: boolean
}

/**
 * `attempt` counts the times that a worker took the run up, from 1; it fences late workers.
 * `failures` counts failed attempts and is what `retries` limits. `held` says whether a worker is at work on the run
 * when its cancel is asked for: if none is, a worker must be sent to clean up.
 */
export type RunEvent =
  | { type: 'RunRequested'; data: RunRequested }
  | { type: 'RunQueued'; data: Due }
  | { type: 'RunStarted'; data: { runId: RunId; attempt: number; worker: string } }
  | { type: 'StageStarted'; data: { runId: RunId; attempt: number; stage: string } }
  | { type: 'StageCompleted'; data: StageCompleted }
  | { type: 'StageFailed'; data: { runId: RunId; attempt: number; stage: string | null; error: RunError } }
  | { type: 'RunRetryScheduled'; data: { runId: RunId; failures: number; dueAt: string } }
  | { type: 'LineageRecorded'; data: { runId: RunId; stage: string; lineage: Lineage } }
  | { type: 'OutputsCommitted'; data: { runId: RunId; attempt: number; files: StagedFile[] } }
  | { type: 'RunCostRecorded'; data: { runId: RunId; cost: RunCost } }
  | { type: 'RunSucceeded'; data: { runId: RunId; attempt: number } }
  | { type: 'RunFailed'; data: { runId: RunId; stage: string | null; error: RunError } }
  | { type: 'RunPaused'; data: { runId: RunId } }
  | { type: 'RunResumed'; data: { runId: RunId } }
  | { type: 'RunRejected'; data: { runId: RunId; reason: string } }
  | { type: 'RunCancelRequested'; data: Due & { held: boolean } }
  | { type: 'RunCanceled'; data: { runId: RunId; removed: string[] } }
  | { type: 'DriftDetected'; data: DriftDetected }
  | { type: 'ReplayReconciled'; data: ReplayReconciled }
