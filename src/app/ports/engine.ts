import type { PartitionKey, RunId, TenantId } from '../../domain/ids.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Manifest } from '../../domain/pipeline/manifest.ts'
import type { SinkSchema } from '../../domain/run/drift.ts'
import type { RejectedRows, StagedFile } from '../../domain/run/events.ts'
import type { Lineage } from '../../domain/run/lineage.ts'
import type { SayInLog } from './run-logs.ts'

/** What an engine must know to execute one attempt of a run. */
export interface EngineJob {
  tenant: TenantId
  runId: RunId
  attempt: number
  manifest: Manifest
  partition: PartitionKey | null
  parameters: JsonObject
  /** ISO time of the request: the only clock that a stage's result may depend on. */
  requestedAt: string
  /** Stages that an earlier attempt completed; their results are in the staging folder. */
  completedStages: readonly string[]
  /** Missing where the manifest promises nothing. The sink's stage rejects with CONTRACT_VIOLATED where rows break it. */
  contract?: SinkContract
}

/** What the rows of a sink must be like: a JSON Schema (2020-12), with the name and version that it has. */
export interface SinkContract {
  sink: string
  /** Such as `routes@v1`. */
  ref: string
  schema: JsonObject
}

export interface StageResult {
  /** Shown to users as the stage's output, for example `{"parties_created": 100}`. */
  output: JsonObject
  rows: number
  bytesRead: number
  bytesWritten: number
  computeMs: number
  /** Files to be published when the run commits; empty for a stage that only prepares. */
  files: StagedFile[]
  lineage: Lineage | null
  /** The columns of each sink that the stage wrote; missing where there is none, or an engine does not tell. */
  schema?: SinkSchema[]
  /** Rows that checks have turned away; each file is one of the stage's. */
  rejected?: RejectedRows[]
}

export interface EngineSession {
  /** Runs one stage. Rejects with StageError; with code CANCELED soon after the signal fires. */
  runStage(stage: string, signal: AbortSignal): Promise<StageResult>
  close(): Promise<void>
}

export interface Engine {
  readonly name: string
  /** Loads what the first job needs. It may keep the process busy for longer than a lease, so it comes before any. */
  prepare(): Promise<void>
  open(job: EngineJob, say: SayInLog): Promise<EngineSession>
  /**
   * Moves committed files to their targets. Idempotent: a file already moved is passed over, so whoever resumes
   * rolls forward. Rejects with StageError OUTPUT_LOST when a committed file is neither staged nor published.
   */
  publish(tenant: TenantId, runId: RunId, files: readonly StagedFile[]): Promise<void>
  /** Removes what a run has staged and returns the names, relative to the tenant's directory. */
  discard(tenant: TenantId, runId: RunId): Promise<string[]>
}

export type StageErrorCode =
  | 'STAGE_FAILED'
  | 'QUALITY_CHECK_FAILED'
  | 'CONTRACT_NOT_FOUND'
  | 'CONTRACT_VIOLATED'
  | 'CANCELED'
  | 'TIMEOUT'
  | 'OUTPUT_LOST'

/** A stage's failure in words for the user. `retryable` is false where the same input would fail again. */
export class StageError extends Error {
  readonly code: StageErrorCode
  readonly retryable: boolean
  constructor(code: StageErrorCode, message: string, retryable: boolean) {
    super(message)
    this.code = code
    this.retryable = retryable
  }
}
