import type { JsonObject, JsonValue } from '../../domain/json.ts'

/** One row of a table, by column name. */
export type Row = Record<string, string | number | boolean | null>

/** What a built-in step may ask of the engine. All paths are relative to the tenant's directory. */
export interface StepContext {
  /** The partition key of the run, which is the batch id in the batch dialect. */
  batch: string
  parameters: JsonObject
  /** ISO time of the run's request: the only clock a step may use, so that a retry computes the same. */
  requestedAt: string
  /** Rows of a Parquet table, from this run's staging folder or else as published; null when there is none. */
  readTable(path: string): Promise<Row[] | null>
  readDocument(path: string): Promise<JsonValue | null>
  /**
   * Claims a path for what this run will write there, for good: no other run is given it. False when another run
   * holds it or has published there. Each attempt of a run gets the same answer.
   */
  reserve(path: string): Promise<boolean>
}

/** Tables become Parquet files and documents JSON files; both are published when the run commits. */
export interface StepResult {
  output: JsonObject
  tables: { path: string; rows: Row[] }[]
  documents: { path: string; json: JsonValue }[]
  /** Paths that the step read, for lineage. */
  reads: string[]
}

/** A failure in it is a StageError; `retryable: false` for what the data cannot change by itself. */
export type Step = (context: StepContext) => Promise<StepResult>
