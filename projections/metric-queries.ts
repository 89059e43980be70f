import type { Environment } from '../src/domain/pipeline/environments.ts'
import type { ReadDb, SqlValue } from './projection.ts'
import { runsTable, stagesTable } from './run-tables.ts'

export type Outcome = 'succeeded' | 'failed' | 'canceled' | 'rejected'

/** What a run took and came to. Times are milliseconds since 1970; `outcome` is null until the run has ended. */
export interface RunMetricsRow {
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

/** A stage that was begun; what it took and moved is null until it has completed. */
export interface StageMetricsRow {
  stage: string
  started_ms: number
  ended_ms: number | null
  failures: number
  rows: number | null
  bytes_read: number | null
  bytes_written: number | null
  compute_ms: number | null
  files: number | null
}

const ms = (time: string): string => `cast(round(unixepoch(${time}, 'subsec') * 1000) as integer)`
const isoOfMs = `strftime('%Y-%m-%dT%H:%M:%fZ', ? / 1000.0, 'unixepoch')`
const completedMs = (time: string): string => `case stage.status when 'succeeded' then ${ms(time)} end`

/** A column of RunMetricsRow, from those of the runs. */
const runColumns: Record<keyof RunMetricsRow, string> = {
  run_id: 'run.run_id',
  pipeline_id: 'run.pipeline_id',
  pipeline: 'run.pipeline',
  environment: 'run.environment',
  requested_ms: ms('run.requested_at'),
  queued_ms: ms('run.queued_at'),
  started_ms: ms('run.started_at'),
  ended_ms: ms('run.ended_at'),
  outcome: 'case when run.ended_at is not null then run.status end',
  attempts: 'run.attempt',
  failed_attempts: 'run.failed_attempts',
  error_code: 'run.error_code',
  error_stage: 'run.failed_stage',
  cost_usd: 'run.cost_usd',
}

const stageColumns: Record<keyof StageMetricsRow, string> = {
  stage: 'stage.stage',
  started_ms: ms('stage.started_at'),
  ended_ms: completedMs('stage.ended_at'),
  failures: 'stage.failures',
  rows: 'stage.rows',
  bytes_read: 'stage.bytes_read',
  bytes_written: 'stage.bytes',
  compute_ms: 'stage.compute_ms',
  files: 'stage.files',
}

const selected = (columns: Partial<Record<string, string>>): string =>
  Object.entries(columns)
    .map(([name, from]) => `${from} ${name}`)
    .join(', ')

/** Runs that ended at `fromMs` or later and before `toMs`, of one pipeline or environment where one is given. */
export interface Period {
  fromMs: number
  toMs: number
  pipelineId?: string
  environment?: string
}

const whereOf = (tenant: string, { fromMs, toMs, pipelineId, environment }: Period): [string, SqlValue[]] => {
  const conditions = ['run.tenant = ?', `run.ended_at >= ${isoOfMs}`, `run.ended_at < ${isoOfMs}`]
  const parameters: SqlValue[] = [tenant, fromMs, toMs]
  if (pipelineId !== undefined) {
    conditions.push('run.pipeline_id = ?')
    parameters.push(pipelineId)
  }
  if (environment !== undefined) {
    conditions.push('run.environment = ?')
    parameters.push(environment)
  }
  return [conditions.join(' and '), parameters]
}

const shortColumns = {
  run_id: runColumns.run_id,
  pipeline: runColumns.pipeline,
  outcome: runColumns.outcome,
  queued_ms: runColumns.queued_ms,
  started_ms: runColumns.started_ms,
  ended_ms: runColumns.ended_ms,
  error_code: runColumns.error_code,
  cost_usd: runColumns.cost_usd,
}

/** So much of a run as figures over many are made of. */
export type ShortRow = Pick<RunMetricsRow, keyof typeof shortColumns>

/** In the order in which they ended; at most `countMax`. */
export const endedRuns = (db: ReadDb, tenant: string, period: Period, countMax: number): ShortRow[] => {
  const [where, parameters] = whereOf(tenant, period)
  return db.all<ShortRow>(
    `select ${selected(shortColumns)} from ${runsTable} run where ${where} order by run.ended_at limit ?`,
    ...parameters,
    countMax,
  )
}

export interface StageTotals {
  stage: string
  completed: number
  failures: number
  rows: number
  bytes_read: number
  bytes_written: number
  compute_ms: number
  mean_ms: number | null
  max_ms: number | null
}

const stageMs = `${stageColumns.ended_ms} - ${stageColumns.started_ms}`

/** Of the runs of a period, by stage, in the order in which stages run. */
export const stageTotals = (db: ReadDb, tenant: string, period: Period): StageTotals[] => {
  const [where, parameters] = whereOf(tenant, period)
  return db.all<StageTotals>(
    `select stage.stage, sum(stage.status = 'succeeded') completed, sum(stage.failures) failures,
       coalesce(sum(stage.rows), 0) rows, coalesce(sum(stage.bytes_read), 0) bytes_read,
       coalesce(sum(stage.bytes), 0) bytes_written, coalesce(sum(stage.compute_ms), 0) compute_ms,
       avg(${stageMs}) mean_ms, max(${stageMs}) max_ms
     from ${runsTable} run
     join ${stagesTable} stage on stage.tenant = run.tenant and stage.run_id = run.run_id
     where ${where} and stage.started_at is not null group by stage.stage order by min(stage.ordinal), stage.stage`,
    ...parameters,
  )
}

/** Rows that were published: those of stages that wrote files, in runs that succeeded. */
export const publishedRows = (db: ReadDb, tenant: string, period: Period): number => {
  const [where, parameters] = whereOf(tenant, period)
  const found = db.get<{ rows: number | null }>(
    `select sum(stage.rows) rows from ${runsTable} run
     join ${stagesTable} stage on stage.tenant = run.tenant and stage.run_id = run.run_id
     where ${where} and run.status = 'succeeded' and stage.files > 0`,
    ...parameters,
  )
  return found?.rows ?? 0
}

export const metricsOfRun = (db: ReadDb, tenant: string, runId: string): RunMetricsRow | undefined =>
  db.get<RunMetricsRow>(
    `select ${selected(runColumns)} from ${runsTable} run where run.tenant = ? and run.run_id = ?`,
    tenant,
    runId,
  )

/** Those that were begun, in the order in which they run. */
export const stageMetricsOfRun = (db: ReadDb, tenant: string, runId: string): StageMetricsRow[] =>
  db.all<StageMetricsRow>(
    `select ${selected(stageColumns)} from ${stagesTable} stage
     where stage.tenant = ? and stage.run_id = ? and stage.started_at is not null order by stage.ordinal`,
    tenant,
    runId,
  )

export interface RunCounts {
  succeeded: number
  failed: number
  /** Of those that succeeded: how many took at most the given time. */
  within: number
}

const runMs = `${runColumns.ended_ms} - ${runColumns.started_ms}`

/** `maxDurationMs` null: every run that succeeded is within it. */
export const countRuns = (db: ReadDb, tenant: string, period: Period, maxDurationMs: number | null): RunCounts => {
  const [where, parameters] = whereOf(tenant, period)
  const found = db.get<RunCounts>(
    `select coalesce(sum(run.status = 'succeeded'), 0) succeeded, coalesce(sum(run.status = 'failed'), 0) failed,
       coalesce(sum(run.status = 'succeeded' and (? is null or ${runMs} <= ?)), 0) within
     from ${runsTable} run where ${where}`,
    maxDurationMs,
    maxDurationMs,
    ...parameters,
  )
  return { succeeded: found?.succeeded ?? 0, failed: found?.failed ?? 0, within: found?.within ?? 0 }
}

/** When the newest run that succeeded has ended, of all before `toMs`; null where there is none. */
export const newestSuccess = (db: ReadDb, tenant: string, period: Omit<Period, 'fromMs'>): number | null => {
  const [where, parameters] = whereOf(tenant, { ...period, fromMs: 0 })
  const sql = `select ${ms('max(run.ended_at)')} ended_ms from ${runsTable} run where ${where} and run.status = 'succeeded'`
  return db.get<{ ended_ms: number | null }>(sql, ...parameters)?.ended_ms ?? null
}
