import type { ReadDb, SqlValue } from './projection.ts'
import { type RunMetricsRow, runMetricsTable, type StageMetricsRow, stageMetricsTable } from './run-metrics.ts'

/** Runs that ended at `fromMs` or later and before `toMs`, of one pipeline or environment where one is given. */
export interface Period {
  fromMs: number
  toMs: number
  pipelineId?: string
  environment?: string
}

const whereOf = (tenant: string, { fromMs, toMs, pipelineId, environment }: Period): [string, SqlValue[]] => {
  const conditions = ['run.tenant = ?', 'run.ended_ms >= ?', 'run.ended_ms < ?']
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

const shortColumns = [
  'run_id',
  'pipeline',
  'outcome',
  'queued_ms',
  'started_ms',
  'ended_ms',
  'error_code',
  'cost_usd',
] as const

/** So much of a run as figures over many are made of. */
export type ShortRow = Pick<RunMetricsRow, (typeof shortColumns)[number]>

/** In the order in which they ended; at most `countMax`. */
export const endedRuns = (db: ReadDb, tenant: string, period: Period, countMax: number): ShortRow[] => {
  const [where, parameters] = whereOf(tenant, period)
  return db.all<ShortRow>(
    `select ${shortColumns.join(', ')} from ${runMetricsTable} run where ${where} order by run.ended_ms limit ?`,
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

/** Of the runs of a period, by stage, in the order in which stages run. */
export const stageTotals = (db: ReadDb, tenant: string, period: Period): StageTotals[] => {
  const [where, parameters] = whereOf(tenant, period)
  return db.all<StageTotals>(
    `select stage.stage, count(stage.ended_ms) completed, sum(stage.failures) failures,
       coalesce(sum(stage.rows), 0) rows, coalesce(sum(stage.bytes_read), 0) bytes_read,
       coalesce(sum(stage.bytes_written), 0) bytes_written, coalesce(sum(stage.compute_ms), 0) compute_ms,
       avg(stage.ended_ms - stage.started_ms) mean_ms, max(stage.ended_ms - stage.started_ms) max_ms
     from ${runMetricsTable} run
     join ${stageMetricsTable} stage on stage.tenant = run.tenant and stage.run_id = run.run_id
     where ${where} group by stage.stage order by min(stage.ordinal), stage.stage`,
    ...parameters,
  )
}

/** Rows that were published: those of stages that wrote files, in runs that succeeded. */
export const publishedRows = (db: ReadDb, tenant: string, period: Period): number => {
  const [where, parameters] = whereOf(tenant, period)
  const found = db.get<{ rows: number | null }>(
    `select sum(stage.rows) rows from ${runMetricsTable} run
     join ${stageMetricsTable} stage on stage.tenant = run.tenant and stage.run_id = run.run_id
     where ${where} and run.outcome = 'succeeded' and stage.files > 0`,
    ...parameters,
  )
  return found?.rows ?? 0
}

export const metricsOfRun = (db: ReadDb, tenant: string, runId: string): RunMetricsRow | undefined =>
  db.get<RunMetricsRow>(`select * from ${runMetricsTable} where tenant = ? and run_id = ?`, tenant, runId)

/** In the order in which they were begun. */
export const stageMetricsOfRun = (db: ReadDb, tenant: string, runId: string): StageMetricsRow[] =>
  db.all<StageMetricsRow>(
    `select * from ${stageMetricsTable} where tenant = ? and run_id = ? order by ordinal`,
    tenant,
    runId,
  )

export interface RunCounts {
  succeeded: number
  failed: number
  /** Of those that succeeded: how many took at most the given time. */
  within: number
}

/** `maxDurationMs` null: every run that succeeded is within it. */
export const countRuns = (db: ReadDb, tenant: string, period: Period, maxDurationMs: number | null): RunCounts => {
  const [where, parameters] = whereOf(tenant, period)
  const found = db.get<RunCounts>(
    `select coalesce(sum(run.outcome = 'succeeded'), 0) succeeded, coalesce(sum(run.outcome = 'failed'), 0) failed,
       coalesce(sum(run.outcome = 'succeeded' and (? is null or run.ended_ms - run.started_ms <= ?)), 0) within
     from ${runMetricsTable} run where ${where}`,
    maxDurationMs,
    maxDurationMs,
    ...parameters,
  )
  return { succeeded: found?.succeeded ?? 0, failed: found?.failed ?? 0, within: found?.within ?? 0 }
}

/** When the newest run that succeeded has ended, of all before `toMs`; null where there is none. */
export const newestSuccess = (db: ReadDb, tenant: string, period: Omit<Period, 'fromMs'>): number | null => {
  const [where, parameters] = whereOf(tenant, { ...period, fromMs: 0 })
  const sql = `select max(run.ended_ms) ended_ms from ${runMetricsTable} run where ${where} and run.outcome = 'succeeded'`
  return db.get<{ ended_ms: number | null }>(sql, ...parameters)?.ended_ms ?? null
}
