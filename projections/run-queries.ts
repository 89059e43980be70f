import type { RunStatus } from '../src/domain/run/state.ts'
import type { ReadDb, SqlValue } from './projection.ts'
import { type RunRow, runsTable, type StageRow, stagesTable } from './run-tables.ts'

export interface RunFilter {
  pipeline?: string
  statuses?: readonly RunStatus[]
  batchId?: string
}

export const runById = (db: ReadDb, tenant: string, runId: string): RunRow | undefined =>
  db.get<RunRow>(`select * from ${runsTable} where tenant = ? and run_id = ?`, tenant, runId)

/** In the order in which they run. */
export const stagesOfRun = (db: ReadDb, tenant: string, runId: string): StageRow[] =>
  db.all<StageRow>(`select * from ${stagesTable} where tenant = ? and run_id = ? order by ordinal`, tenant, runId)

/** Newest first; `total` counts all that the filter lets through. */
export const listRuns = (
  db: ReadDb,
  tenant: string,
  { pipeline, statuses, batchId }: RunFilter,
  { limit, offset }: { limit: number; offset: number },
): { rows: RunRow[]; total: number } => {
  const conditions = ['tenant = ?']
  const parameters: SqlValue[] = [tenant]
  if (pipeline !== undefined) {
    conditions.push('pipeline = ?')
    parameters.push(pipeline)
  }
  if (statuses) {
    conditions.push(`status in (${statuses.map(() => '?').join(', ')})`)
    parameters.push(...statuses)
  }
  if (batchId !== undefined) {
    conditions.push('batch_id = ?')
    parameters.push(batchId)
  }
  const where = conditions.join(' and ')
  const order = 'order by requested_at desc, run_id desc limit ? offset ?'
  const rows = db.all<RunRow>(`select * from ${runsTable} where ${where} ${order}`, ...parameters, limit, offset)
  const counted = db.get<{ total: number }>(`select count(*) total from ${runsTable} where ${where}`, ...parameters)
  return { rows, total: counted?.total ?? 0 }
}

const dueColumns = 'tenant, run_id, engine, attempt, correlation_id, event_id'
export type DueRow = Pick<RunRow, 'tenant' | 'run_id' | 'engine' | 'attempt' | 'correlation_id' | 'event_id'>

/**
 * Runs whose next attempt is due: queued, to be canceled with no worker on them, or held by a worker that is gone. A
 * worker is gone when it has shown no life since `lostBefore` (ISO time), or when it is an earlier life of `worker`,
 * whose names all begin with the same `<instance>.`.
 */
export const dueRuns = (
  db: ReadDb,
  { now, lostBefore, worker, countMax }: { now: string; lostBefore: string; worker: string; countMax: number },
): DueRow[] =>
  db.all<DueRow>(
    `select ${dueColumns} from ${runsTable} where status in ('queued', 'running', 'canceling') and (
       (status = 'queued' and retry_due_at is null)
       or (status = 'canceling' and cancel_held = 0)
       or (status in ('running', 'canceling') and progress_at < ? and lease_until < ?)
       or (status in ('running', 'canceling') and worker <> ? and worker like ?))
     order by requested_at limit ?`,
    lostBefore,
    now,
    worker,
    `${worker.split('.')[0]}.%`,
    countMax,
  )

/** Runs whose pause before the next try is over. */
export const dueRetries = (db: ReadDb, now: string, countMax: number): DueRow[] =>
  db.all<DueRow>(
    `select ${dueColumns} from ${runsTable} where status = 'queued' and retry_due_at <= ? order by retry_due_at limit ?`,
    now,
    countMax,
  )

/** Runs that have ended and still hold their partition. */
export const endedClaims = (db: ReadDb, countMax: number): DueRow[] =>
  db.all<DueRow>(
    `select ${dueColumns} from ${runsTable} where claim_open = 1 and status in ('succeeded', 'failed', 'canceled', 'rejected')
     limit ?`,
    countMax,
  )

/** Replays that have succeeded and were not compared with the run that they repeat. */
export const unreconciledReplays = (db: ReadDb, countMax: number): RunRow[] =>
  db.all<RunRow>(
    `select * from ${runsTable} where replay_of is not null and reconciliation is null and status = 'succeeded'
     order by requested_at limit ?`,
    countMax,
  )

/** The newest run that has succeeded with a manifest in an environment. */
export const succeededWith = (
  db: ReadDb,
  tenant: string,
  { pipeline, manifestHash, environment }: { pipeline: string; manifestHash: string; environment: string },
): RunRow | undefined =>
  db.get<RunRow>(
    `select * from ${runsTable} where tenant = ? and pipeline = ? and status = 'succeeded' and manifest_hash = ?
       and environment = ? order by requested_at desc limit 1`,
    tenant,
    pipeline,
    manifestHash,
    environment,
  )
