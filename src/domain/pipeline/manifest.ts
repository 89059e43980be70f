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

export type QualityCheck =
  | { name: string; type: 'row_count'; on: string; min: number | null; max: number | null }
  | { name: string; type: 'not_null'; on: string; column: string }
  | { name: string; type: 'unique'; on: string; column: string }
  | { name: string; type: 'expression'; on: string; sql: string }

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
