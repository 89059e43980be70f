import type { DeadLetterStatus } from '../src/domain/dead-letter/decide.ts'
import type { DeadLetterSource } from '../src/domain/dead-letter/events.ts'

export const deadLettersTable = 'dead_letters_v1'
export const decisionsTable = 'dead_letter_decisions_v1'
export const pendingTable = 'dead_letter_pending_v1'
export const retriesTable = 'dead_letter_retries_v1'

/**
 * An entry as it stands. `payload` is JSON; `retry` the last run, or the delivery, with which it was tried again;
 * `position` where the ledger has it; `since` where it has what it is of, or its last reopening.
 */
export interface DeadLetterRow {
  tenant: string
  entry_id: string
  source: DeadLetterSource
  status: DeadLetterStatus
  pipeline_id: string | null
  pipeline: string | null
  run_id: string | null
  partition: string | null
  environment: string | null
  stage: string | null
  code: string
  reason: string
  count: number
  payload: string
  delivery_id: string | null
  /** Of rows: the table that they were in. */
  tab: string | null
  assignee: string | null
  retry: string | null
  retries: number
  resolved_by: string | null
  discard_reason: string | null
  recorded_at: string
  updated_at: string
  position: number
  since: number
}

/** What was decided of an entry or came to it. `detail`: the assignee, or the run or delivery. */
export interface DecisionRow {
  decision: string
  at: string
  actor: string
  on_behalf_of: string | null
  reason: string | null
  detail: string | null
  event_id: string
}

export const waitingIndex = `${deadLettersTable}_waiting`

/** Entries that have not ended: as the partial indexes have it, to the letter. */
export const notEnded = (table: string): string => `${table}.status in ('open', 'retrying')`

export const deadLetterSchema: readonly string[] = [
  `create table if not exists ${deadLettersTable} (
    tenant text, entry_id text, source text, status text, pipeline_id text, pipeline text, run_id text, partition text,
    environment text, stage text, code text, reason text, count integer, payload text, delivery_id text, tab text,
    assignee text, retry text, retries integer, resolved_by text, discard_reason text, recorded_at text,
    updated_at text, position integer, since integer, primary key (tenant, entry_id)) without rowid`,
  `create index if not exists ${deadLettersTable}_recent on ${deadLettersTable} (tenant, position desc)`,
  `create index if not exists ${deadLettersTable}_state on ${deadLettersTable} (tenant, status, position desc)`,
  `create index if not exists ${deadLettersTable}_run on ${deadLettersTable} (tenant, run_id)`,
  `create index if not exists ${deadLettersTable}_retry on ${deadLettersTable} (tenant, retry) where retry is not null`,
  `create index if not exists ${deadLettersTable}_delivery
    on ${deadLettersTable} (tenant, delivery_id) where delivery_id is not null`,
  `create index if not exists ${waitingIndex}
    on ${deadLettersTable} (tenant, pipeline_id, partition, environment) where status in ('open', 'retrying')`,
  `create table if not exists ${decisionsTable} (
    tenant text, entry_id text, revision integer, decision text, at text, actor text, on_behalf_of text, reason text,
    detail text, event_id text, primary key (tenant, entry_id, revision)) without rowid`,
  `create table if not exists ${pendingTable} (
    tenant text, source text, id text, file text, stage text, code text, tab text, reason text, count integer,
    position integer, correlation_id text, event_id text, primary key (tenant, source, id, file)) without rowid`,
  `create table if not exists ${retriesTable} (
    tenant text, kind text, by text, position integer, of text, event_id text, metadata text,
    primary key (tenant, kind, by, position)) without rowid`,
  `create index if not exists ${retriesTable}_of on ${retriesTable} (tenant, kind, of)`,
]
