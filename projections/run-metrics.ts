import { type Environment, firstEnvironment } from '../src/domain/pipeline/environments.ts'
import { put, type Seen, type SqlValue, type Statement, update, type View } from './projection.ts'

export const runMetricsTable = 'run_metrics_v1'
export const stageMetricsTable = 'stage_metrics_v1'

export type Outcome = 'succeeded' | 'failed' | 'canceled' | 'rejected'

/** What a run took and came to. Times are milliseconds since 1970; `outcome` is null until the run has ended. */
export interface RunMetricsRow {
  tenant: string
  run_id: string
  pipeline_id: string
  pipeline: string
  environment: Environment
  requested_ms: number
  /** When the run was first queued and first taken up. */
  queued_ms: number | null
  started_ms: number | null
  ended_ms: number | null
  outcome: Outcome | null
  attempts: number
  failed_attempts: number
  error_code: string | null
  error_stage: string | null
  cost_usd: number | null
}

/** A stage that was begun. `files` counts what it staged: a stage that has any is one that writes outputs. */
export interface StageMetricsRow {
  tenant: string
  run_id: string
  stage: string
  ordinal: number
  started_ms: number
  ended_ms: number | null
  failures: number
  rows: number | null
  bytes_read: number | null
  bytes_written: number | null
  compute_ms: number | null
  files: number | null
}

const keyOf = (seen: Seen, runId: string) => ({ tenant: seen.metadata.tenant, run_id: runId })
const atMs = (seen: Seen): number => Date.parse(seen.metadata.occurredAt)

const requested = (seen: Seen<'RunRequested'>): Statement[] => {
  const { runId, pipelineId, pipeline, environment } = seen.event.data
  const row: RunMetricsRow = {
    ...keyOf(seen, runId),
    pipeline_id: pipelineId,
    pipeline,
    environment: environment ?? firstEnvironment,
    requested_ms: atMs(seen),
    queued_ms: null,
    started_ms: null,
    ended_ms: null,
    outcome: null,
    attempts: 0,
    failed_attempts: 0,
    error_code: null,
    error_stage: null,
    cost_usd: null,
  }
  return [put(runMetricsTable, { ...row })]
}

/** Sets a time that counts only when it is the first. */
const first = (seen: Seen<'RunQueued' | 'RunStarted'>, column: 'queued_ms' | 'started_ms'): Statement => [
  `update ${runMetricsTable} set ${column} = coalesce(${column}, ?), attempts = max(attempts, ?)
    where tenant = ? and run_id = ?`,
  atMs(seen),
  column === 'started_ms' ? seen.event.data.attempt : 0,
  seen.metadata.tenant,
  seen.event.data.runId,
]

type Ending = 'RunSucceeded' | 'RunFailed' | 'RunRejected' | 'RunCanceled'

const ended = (outcome: Outcome) => (seen: Seen<Ending>) => [endOf(seen, outcome)]

const endOf = (seen: Seen<Ending>, outcome: Outcome, more: Record<string, SqlValue> = {}): Statement =>
  update(runMetricsTable, keyOf(seen, seen.event.data.runId), { ended_ms: atMs(seen), outcome, ...more })

const stageStarted = (seen: Seen<'StageStarted'>): Statement[] => {
  const { tenant, run_id } = keyOf(seen, seen.event.data.runId)
  const sql = `insert into ${stageMetricsTable} (tenant, run_id, stage, ordinal, started_ms, failures)
    values (?, ?, ?, (select count(*) from ${stageMetricsTable} where tenant = ? and run_id = ?), ?, 0)
    on conflict do update set started_ms = excluded.started_ms`
  return [[sql, tenant, run_id, seen.event.data.stage, tenant, run_id, atMs(seen)]]
}

const stageCompleted = (seen: Seen<'StageCompleted'>): Statement[] => {
  const { runId, stage, rows, bytesRead, bytesWritten, computeMs, files } = seen.event.data
  const changes = {
    ended_ms: atMs(seen),
    rows,
    bytes_read: bytesRead,
    bytes_written: bytesWritten,
    compute_ms: computeMs,
    files: files.length,
  }
  return [update(stageMetricsTable, { ...keyOf(seen, runId), stage }, changes)]
}

const stageFailed = (seen: Seen<'StageFailed'>): Statement[] => {
  const { runId, stage } = seen.event.data
  const { tenant } = seen.metadata
  const where = 'where tenant = ? and run_id = ?'
  return [
    [`update ${runMetricsTable} set failed_attempts = failed_attempts + 1 ${where}`, tenant, runId],
    [`update ${stageMetricsTable} set failures = failures + 1 ${where} and stage = ?`, tenant, runId, stage],
  ]
}

/** What runs and their stages took, moved, cost and came to: a row per run and one per stage of it that was begun. */
export const runMetricsView: View = {
  name: 'run-metrics',
  version: 1,
  tables: [runMetricsTable, stageMetricsTable],
  schema: [
    `create table if not exists ${runMetricsTable} (
      tenant text, run_id text, pipeline_id text, pipeline text, environment text, requested_ms integer,
      queued_ms integer, started_ms integer, ended_ms integer, outcome text, attempts integer,
      failed_attempts integer, error_code text, error_stage text, cost_usd real,
      primary key (tenant, run_id)) without rowid`,
    `create index if not exists ${runMetricsTable}_ended
      on ${runMetricsTable} (tenant, ended_ms) where ended_ms is not null`,
    `create index if not exists ${runMetricsTable}_pipeline
      on ${runMetricsTable} (tenant, pipeline_id, ended_ms) where ended_ms is not null`,
    `create table if not exists ${stageMetricsTable} (
      tenant text, run_id text, stage text, ordinal integer, started_ms integer, ended_ms integer, failures integer,
      rows integer, bytes_read integer, bytes_written integer, compute_ms integer, files integer,
      primary key (tenant, run_id, stage)) without rowid`,
  ],
  handlers: {
    RunRequested: requested,
    RunQueued: (seen) => [first(seen, 'queued_ms')],
    RunStarted: (seen) => [first(seen, 'started_ms')],
    StageStarted: stageStarted,
    StageCompleted: stageCompleted,
    StageFailed: stageFailed,
    RunCostRecorded: (seen) => {
      const { runId, cost } = seen.event.data
      return [update(runMetricsTable, keyOf(seen, runId), { cost_usd: cost.totalUsd })]
    },
    RunSucceeded: ended('succeeded'),
    RunFailed: (seen) => {
      const { error, stage } = seen.event.data
      return [endOf(seen, 'failed', { error_code: error.code, error_stage: stage })]
    },
    RunRejected: ended('rejected'),
    RunCanceled: ended('canceled'),
  },
}
