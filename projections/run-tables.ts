import type { RunStatus } from '../src/domain/run/state.ts'

export const runsTable = 'run_status_v4'
export const stagesTable = 'run_stages_v4'

/** A run as it stands. Times are ISO 8601; `progress_at` is the ledger's time of the run's last event. */
export interface RunRow {
  tenant: string
  run_id: string
  pipeline_id: string
  pipeline: string
  status: RunStatus
  engine: string
  partition: string | null
  batch_id: string | null
  manifest_version: string
  parameters: string
  requested_at: string
  started_at: string | null
  ended_at: string | null
  attempt: number
  failures: number
  retry_due_at: string | null
  failed_stage: string | null
  error: string | null
  /** The command by which the run claimed its partition, and whether it still holds it. */
  claim: string | null
  claim_open: number
  cancel_held: number
  progress_at: string
  lease_until: string
  worker: string | null
  correlation_id: string
  event_id: string
  environment: string
  manifest_hash: string
  /** The run that this one replays, and the approval that it was queued by, if any. */
  replay_of: string | null
  approval_id: string | null
  /** JSON of ReplayReconciled. */
  reconciliation: string | null
  /** When it was queued for the first time; `started_at` is the first time that it was taken up. */
  queued_at: string | null
  failed_attempts: number
  error_code: string | null
  cost_usd: number | null
}

export interface StageRow {
  tenant: string
  run_id: string
  ordinal: number
  stage: string
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled'
  started_at: string | null
  ended_at: string | null
  output: string | null
  rows: number | null
  /** Written. */
  bytes: number | null
  bytes_read: number | null
  compute_ms: number | null
  /** How many it staged: a stage that has any is one that writes outputs. */
  files: number | null
  failures: number
}

export const runSchema: readonly string[] = [
  `create table if not exists ${runsTable} (
      tenant text, run_id text, pipeline_id text, pipeline text, status text, engine text, partition text,
      batch_id text, manifest_version text, parameters text, requested_at text, started_at text, ended_at text,
      attempt integer, failures integer, retry_due_at text, failed_stage text, error text, claim text, claim_open integer,
      cancel_held integer, progress_at text, lease_until text, worker text,
      correlation_id text, event_id text, environment text, manifest_hash text, replay_of text, approval_id text,
      reconciliation text, queued_at text, failed_attempts integer, error_code text, cost_usd real,
      primary key (tenant, run_id)) without rowid`,
  `create index if not exists ${runsTable}_recent on ${runsTable} (tenant, requested_at desc, run_id desc)`,
  `create index if not exists ${runsTable}_state on ${runsTable} (tenant, status, requested_at desc, run_id desc)`,
  `create index if not exists ${runsTable}_pipeline on ${runsTable} (tenant, pipeline, status, requested_at desc)`,
  `create index if not exists ${runsTable}_batch on ${runsTable} (tenant, batch_id, requested_at desc)`,
  `create index if not exists ${runsTable}_active on ${runsTable} (requested_at)
      where status in ('queued', 'running', 'canceling')`,
  `create index if not exists ${runsTable}_retries on ${runsTable} (retry_due_at) where retry_due_at is not null`,
  `create index if not exists ${runsTable}_unreconciled on ${runsTable} (status)
      where replay_of is not null and reconciliation is null`,
  `create index if not exists ${runsTable}_ended on ${runsTable} (tenant, ended_at) where ended_at is not null`,
  // All that counting the runs of a window takes.
  `create index if not exists ${runsTable}_pipeline_ended
      on ${runsTable} (tenant, pipeline_id, ended_at, status, started_at, environment) where ended_at is not null`,
  `create index if not exists ${runsTable}_claims on ${runsTable} (status) where claim_open = 1`,
  `create table if not exists ${stagesTable} (
      tenant text, run_id text, ordinal integer, stage text, status text, started_at text, ended_at text,
      output text, rows integer, bytes integer, bytes_read integer, compute_ms integer, files integer, failures integer,
      primary key (tenant, run_id, ordinal)) without rowid`,
]
