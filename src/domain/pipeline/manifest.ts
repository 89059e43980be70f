import type { JsonObject, JsonValue } from '../json.ts'

/** DESIGN.md section 7. What a manifest file holds once it is parsed and its defaults are filled in. */
export interface Manifest {
  name: string
  version: string
  title: string | null
  description: string | null
  owner: string | null
  parameters: Record<string, ParameterSpec>
  sources: Record<string, FileSource>
  transformations: Transformation[]
  sinks: Record<string, FileSink>
  quality_checks: QualityCheck[]
  orchestration: Orchestration
  slo: JsonObject | null
  contract: JsonObject | null
}

export type FileFormat = 'parquet' | 'csv' | 'json'

/** `path` is relative to the tenant's directory. */
export interface FileSource {
  type: FileFormat
  path: string
}

/** `from` names a source or transformation; `path` may hold `{partition}` and `{run_id}`. */
export interface FileSink {
  type: FileFormat
  from: string
  path: string
}

export type Transformation =
  | { name: string; type: 'sql'; sql: string }
  | { name: string; type: 'scoring'; step: ScoringStep }
  | { name: string; type: 'sleep'; seconds: number }

export const scoringSteps = ['ingest', 'features', 'score', 'label', 'train', 'refine'] as const
export type ScoringStep = (typeof scoringSteps)[number]

/**
 * What becomes of rows that fail a check: they fail the run, which is the default, or they are taken out of the table.
 * More than a share of them, 0 to 1, fails the run all the same. Both are missing where a manifest does not say them.
 */
interface OnFailure {
  on_failure?: 'fail' | 'reject'
  max_rejected_share?: number
}

/** A check of single rows. */
export type RowCheck = OnFailure &
  (
    | { name: string; type: 'not_null'; on: string; column: string }
    | { name: string; type: 'unique'; on: string; column: string }
    | { name: string; type: 'expression'; on: string; sql: string }
  )

export type QualityCheck =
  | { name: string; type: 'row_count'; on: string; min: number | null; max: number | null; on_failure?: 'fail' }
  | RowCheck

export const isRejecting = (check: QualityCheck): check is RowCheck => check.on_failure === 'reject'

/** A parameter that a trigger's `config` may set. */
export interface ParameterSpec {
  type: 'string' | 'integer' | 'number' | 'boolean'
  default: JsonValue
  minimum: number | null
  maximum: number | null
}

export interface Orchestration {
  engine: string
  partition: { type: 'daily' | 'monthly' | 'any'; column: string | null } | null
  /** How often a failed run is tried again, and the first pause between tries; it doubles each time. */
  retries: number
  retry_delay_seconds: number
  timeout_seconds: number
  /** Active runs that one partition may have at a time; null is any number (no claim is taken). */
  max_active_runs: number | null
}
