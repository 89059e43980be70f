import type { RunEvent } from '../src/domain/run/events.ts'
import { put, type ReadDb, type Seen, type View } from './projection.ts'

const historyTable = 'run_history_v1'

/** One event of a run, with who caused it. `data` is the event's data as JSON. */
export interface HistoryRow {
  tenant: string
  run_id: string
  revision: number
  event_id: string
  type: string
  occurred_at: string
  recorded_at: string
  actor: string
  command: string
  command_id: string
  origin: string
  data: string
}

const entry = (seen: Seen, runId: string) => {
  const { tenant, actor, command, commandId, origin, occurredAt } = seen.metadata
  const row: HistoryRow = {
    tenant,
    run_id: runId,
    revision: Number(seen.revision),
    event_id: seen.id,
    type: seen.type,
    occurred_at: occurredAt,
    recorded_at: seen.recordedAt,
    actor: actor.pseudonym,
    command,
    command_id: commandId,
    origin,
    data: JSON.stringify(seen.event.data),
  }
  return [put(historyTable, { ...row })]
}

type RunEventType = RunEvent['type']

const recorded = (seen: Seen<RunEventType>) => entry(seen, seen.event.data.runId)

const handlers: Record<RunEventType, typeof recorded> = {
  RunRequested: recorded,
  RunQueued: recorded,
  RunRejected: recorded,
  RunStarted: recorded,
  StageStarted: recorded,
  StageCompleted: recorded,
  StageFailed: recorded,
  RunRetryScheduled: recorded,
  LineageRecorded: recorded,
  OutputsCommitted: recorded,
  RunCostRecorded: recorded,
  RunSucceeded: recorded,
  RunFailed: recorded,
  RunPaused: recorded,
  RunResumed: recorded,
  RunCancelRequested: recorded,
  RunCanceled: recorded,
  ReplayReconciled: recorded,
  DriftDetected: recorded,
}

export const runHistory: View = {
  name: 'run-history',
  version: 1,
  tables: [historyTable],
  schema: [
    `create table if not exists ${historyTable} (
      tenant text, run_id text, revision integer, event_id text, type text, occurred_at text, recorded_at text,
      actor text, command text, command_id text, origin text, data text,
      primary key (tenant, run_id, revision)) without rowid`,
  ],
  handlers,
}

/** The run's events, oldest first. */
export const historyOfRun = (db: ReadDb, tenant: string, runId: string): HistoryRow[] =>
  db.all<HistoryRow>(`select * from ${historyTable} where tenant = ? and run_id = ? order by revision`, tenant, runId)
