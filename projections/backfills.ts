import type { BackfillStatus } from '../src/domain/backfill/decide.ts'
import type { PartitionOutcome } from '../src/domain/backfill/events.ts'
import { put, type Seen, type Statement, update, type View } from './projection.ts'

export const backfillsTable = 'backfills_v1'
export const backfillPartitionsTable = 'backfill_partitions_v1'

/** Times are ISO 8601; `outcomes` is JSON once it has ended. */
export interface BackfillRow {
  tenant: string
  backfill_id: string
  pipeline: string
  environment: string
  manifest_version: string
  status: BackfillStatus
  total: number
  skipped: number
  max_concurrency: number
  requester: string
  requested_at: string
  started_at: string | null
  ended_at: string | null
  approval_id: string | null
  outcomes: string | null
  correlation_id: string
  event_id: string
}

export interface BackfillPartitionRow {
  ordinal: number
  partition: string
  /** Null until its run was requested. */
  run_id: string | null
  status: 'waiting' | 'queued' | 'running' | PartitionOutcome
}

const keyOf = (seen: Seen, backfillId: string) => ({ tenant: seen.metadata.tenant, backfill_id: backfillId })

const requested = (seen: Seen<'BackfillRequested'>): Statement[] => {
  const { data } = seen.event
  const key = keyOf(seen, data.backfillId)
  const row: BackfillRow = {
    ...key,
    pipeline: data.pipeline,
    environment: data.environment,
    manifest_version: data.manifestVersion,
    status: 'awaiting_approval',
    total: data.partitions.length,
    skipped: data.skipped.length,
    max_concurrency: data.maxConcurrency,
    requester: seen.metadata.actor.pseudonym,
    requested_at: data.requestedAt,
    started_at: null,
    ended_at: null,
    approval_id: data.approval?.approvalId ?? null,
    outcomes: null,
    correlation_id: seen.metadata.correlationId,
    event_id: seen.id,
  }
  const partitions = data.partitions.map((partition, ordinal) =>
    put(backfillPartitionsTable, { ...key, ordinal, partition, run_id: null, status: 'waiting' }),
  )
  return [put(backfillsTable, row), ...partitions]
}

const became =
  (status: BackfillStatus) =>
  (seen: Seen, backfillId: string): Statement[] => [update(backfillsTable, keyOf(seen, backfillId), { status })]

const runBecame = (seen: Seen, runId: string, status: BackfillPartitionRow['status']): Statement[] => [
  update(backfillPartitionsTable, { tenant: seen.metadata.tenant, run_id: runId }, { status }),
]

/** What was asked for at once, and how far it is. */
export const backfillsView: View = {
  name: 'backfills',
  version: 1,
  tables: [backfillsTable, backfillPartitionsTable],
  schema: [
    `create table if not exists ${backfillsTable} (
      tenant text, backfill_id text, pipeline text, environment text, manifest_version text, status text, total integer,
      skipped integer, max_concurrency integer, requester text, requested_at text, started_at text, ended_at text,
      approval_id text, outcomes text, correlation_id text, event_id text,
      primary key (tenant, backfill_id)) without rowid`,
    `create index if not exists ${backfillsTable}_recent on ${backfillsTable} (tenant, requested_at desc, backfill_id)`,
    `create index if not exists ${backfillsTable}_active on ${backfillsTable} (status)
      where status in ('running', 'canceling')`,
    `create table if not exists ${backfillPartitionsTable} (
      tenant text, backfill_id text, ordinal integer, partition text, run_id text, status text,
      primary key (tenant, backfill_id, ordinal)) without rowid`,
    `create index if not exists ${backfillPartitionsTable}_run on ${backfillPartitionsTable} (tenant, run_id)
      where run_id is not null`,
    `create index if not exists ${backfillPartitionsTable}_status
      on ${backfillPartitionsTable} (tenant, backfill_id, status, ordinal)`,
  ],
  handlers: {
    BackfillRequested: requested,
    BackfillStarted: (seen) => {
      const { backfillId } = seen.event.data
      const started = { status: 'running', started_at: seen.metadata.occurredAt }
      return [update(backfillsTable, keyOf(seen, backfillId), started)]
    },
    BackfillRefused: (seen) => became('rejected')(seen, seen.event.data.backfillId),
    BackfillPaused: (seen) => became('paused')(seen, seen.event.data.backfillId),
    BackfillResumed: (seen) => became('running')(seen, seen.event.data.backfillId),
    BackfillCanceled: (seen) => [
      [
        `update ${backfillsTable} set status = case status when 'awaiting_approval' then 'canceled' else 'canceling' end
          where tenant = ? and backfill_id = ?`,
        seen.metadata.tenant,
        seen.event.data.backfillId,
      ],
    ],
    BackfillCompleted: (seen) => {
      const { backfillId, outcomes } = seen.event.data
      return [
        [
          `update ${backfillsTable} set status = case status when 'canceling' then 'canceled' else 'completed' end,
            ended_at = ?, outcomes = ? where tenant = ? and backfill_id = ?`,
          seen.metadata.occurredAt,
          JSON.stringify(outcomes),
          seen.metadata.tenant,
          backfillId,
        ],
      ]
    },
    RunRequested: (seen) => {
      const { backfillId, partition, runId } = seen.event.data
      if (backfillId === undefined) return []
      const key = { ...keyOf(seen, backfillId), partition }
      return [update(backfillPartitionsTable, key, { run_id: runId, status: 'queued' })]
    },
    RunStarted: (seen) => runBecame(seen, seen.event.data.runId, 'running'),
    RunSucceeded: (seen) => runBecame(seen, seen.event.data.runId, 'succeeded'),
    RunFailed: (seen) => runBecame(seen, seen.event.data.runId, 'failed'),
    RunRejected: (seen) => runBecame(seen, seen.event.data.runId, 'rejected'),
    RunCanceled: (seen) => runBecame(seen, seen.event.data.runId, 'canceled'),
  },
}
