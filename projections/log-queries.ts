import type { ReadDb, SqlValue } from './projection.ts'
import { runsTable } from './run-tables.ts'

/** A run whose log may hold lines of a period. */
export interface LoggedRun {
  run_id: string
  pipeline: string
  environment: string
  requested_at: string
}

export interface LoggedRunFilter {
  pipeline?: string | undefined
  environment?: string | undefined
  runId?: string | undefined
  /** ISO time: runs that were requested then or later. */
  since: string
  /** ISO times: runs that were at work at some time from `from` on and before `to`. */
  from: string
  to?: string | undefined
  /** From this run on, it included. */
  at?: { requestedAt: string; runId: string } | undefined
}

/** Newest first. */
export const loggedRuns = (
  db: ReadDb,
  tenant: string,
  { pipeline, environment, runId, since, from, to, at }: LoggedRunFilter,
  countMax: number,
): LoggedRun[] => {
  const conditions = ['tenant = ?', 'requested_at >= ?', '(ended_at is null or ended_at >= ?)']
  const parameters: SqlValue[] = [tenant, since, from]
  const where = (condition: string, ...values: SqlValue[]): void => {
    conditions.push(condition)
    parameters.push(...values)
  }
  if (pipeline !== undefined) where('pipeline = ?', pipeline)
  if (environment !== undefined) where('environment = ?', environment)
  if (runId !== undefined) where('run_id = ?', runId)
  if (to !== undefined) where('requested_at < ?', to)
  if (at) where('(requested_at, run_id) <= (?, ?)', at.requestedAt, at.runId)
  return db.all<LoggedRun>(
    `select run_id, pipeline, environment, requested_at from ${runsTable} where ${conditions.join(' and ')}
     order by requested_at desc, run_id desc limit ?`,
    ...parameters,
    countMax,
  )
}
