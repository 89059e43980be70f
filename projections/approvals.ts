import type { ApprovalVoice } from '../src/domain/approval/events.ts'
import { put, type Seen, type SqlValue, type Statement, update, type View } from './projection.ts'

export const approvalsTable = 'approvals_v1'
export const needsTable = 'approval_needs_v1'
export const voicesTable = 'approval_voices_v1'
export const wantedTable = 'approvals_wanted_v1'

/** Times are ISO 8601; `command` and `requested_by` are JSON. `settled` once what it is for has gone on, or will not. */
export interface ApprovalRow {
  tenant: string
  approval_id: string
  status: 'pending' | 'granted' | 'rejected' | 'expired' | 'consumed'
  target_kind: 'run' | 'pipeline' | 'backfill'
  target_id: string
  command: string
  command_hash: string
  requester: string
  requester_for: string | null
  requested_by: string
  requested_at: string
  expires_at: string
  closed_at: string | null
  settled: number
  correlation_id: string
  event_id: string
}

export interface NeedRow {
  role: string
  count: number
  granted: number
}

export interface VoiceRow {
  word: 'granted' | 'rejected' | 'overridden'
  speaker: string
  on_behalf_of: string | null
  role: string
  reason: string
  at: string
}

const keyOf = (seen: Seen, approvalId: string) => ({ tenant: seen.metadata.tenant, approval_id: approvalId })

const changed = (seen: Seen, approvalId: string, changes: Record<string, SqlValue>): Statement =>
  update(approvalsTable, keyOf(seen, approvalId), changes)

const spoken = (
  seen: Seen,
  word: VoiceRow['word'],
  { approvalId, by, onBehalfOf, role, reason }: ApprovalVoice,
): Statement =>
  put(voicesTable, {
    ...keyOf(seen, approvalId),
    ordinal: Number(seen.revision),
    word,
    speaker: by,
    on_behalf_of: onBehalfOf,
    role,
    reason,
    at: seen.metadata.occurredAt,
  })

const requested = (seen: Seen<'ApprovalRequested'>): Statement[] => {
  const { approvalId, target, command, commandHash, requestedBy, required, requestedAt, expiresAt } = seen.event.data
  const row: ApprovalRow = {
    tenant: seen.metadata.tenant,
    approval_id: approvalId,
    status: 'pending',
    target_kind: target.kind,
    target_id: target.id,
    command: JSON.stringify(command),
    command_hash: commandHash,
    requester: requestedBy.pseudonym,
    requester_for: requestedBy.onBehalfOf ?? null,
    requested_by: JSON.stringify(requestedBy),
    requested_at: requestedAt,
    expires_at: expiresAt,
    closed_at: null,
    settled: 0,
    correlation_id: seen.metadata.correlationId,
    event_id: seen.id,
  }
  const needs = required.map(({ role, count }) =>
    put(needsTable, { ...keyOf(seen, approvalId), role, count, granted: 0 }),
  )
  const { tenant } = seen.metadata
  // What it is for may have ended just before: then nobody wants it any more.
  const unwanted: Statement = [
    `update ${approvalsTable} set settled = 1 where tenant = ? and approval_id = ? and not exists (
      select 1 from ${wantedTable} wanted where wanted.tenant = ? and wanted.approval_id = ?)`,
    ...[tenant, approvalId, tenant, approvalId],
  ]
  const found: Statement = [`delete from ${wantedTable} where tenant = ? and approval_id = ?`, tenant, approvalId]
  return [put(approvalsTable, { ...row }), ...needs, unwanted, found]
}

const granted = (seen: Seen<'ApprovalGranted'>): Statement[] => {
  const { approvalId, role } = seen.event.data
  const { tenant, occurredAt } = seen.metadata
  return [
    spoken(seen, 'granted', seen.event.data),
    [
      `update ${needsTable} set granted = granted + 1 where tenant = ? and approval_id = ? and role = ?`,
      tenant,
      approvalId,
      role,
    ],
    [
      `update ${approvalsTable} set status = 'granted', closed_at = ? where tenant = ? and approval_id = ?
        and not exists (select 1 from ${needsTable} need where need.tenant = ${approvalsTable}.tenant
          and need.approval_id = ${approvalsTable}.approval_id and need.granted < need.count)`,
      occurredAt,
      tenant,
      approvalId,
    ],
  ]
}

const closed =
  (status: ApprovalRow['status']) =>
  (seen: Seen, approvalId: string): Statement =>
    changed(seen, approvalId, { status, closed_at: seen.metadata.occurredAt })

/** A run that was canceled needs its approval no more. */
const settledRun = (seen: Seen, runId: string): Statement[] => {
  const { tenant } = seen.metadata
  return [
    [
      `update ${approvalsTable} set settled = 1
        where tenant = ? and target_kind = 'run' and target_id = ? and settled = 0`,
      tenant,
      runId,
    ],
    [`delete from ${wantedTable} where tenant = ? and target_kind = 'run' and target_id = ?`, tenant, runId],
  ]
}

/** That something waits for an approval which is not there yet. */
const wanted = (seen: Seen, approvalId: string, kind: ApprovalRow['target_kind'], id: string): Statement =>
  put(wantedTable, {
    ...keyOf(seen, approvalId),
    target_kind: kind,
    target_id: id,
    correlation_id: seen.metadata.correlationId,
    event_id: seen.id,
  })

const settledBy = (seen: Seen, approvalId: string | null): Statement[] =>
  approvalId === null
    ? []
    : [
        changed(seen, approvalId, { settled: 1 }),
        [`delete from ${wantedTable} where tenant = ? and approval_id = ?`, seen.metadata.tenant, approvalId],
      ]

/** A run that is queued or rejected names the approvals that had it so. */
const settledByMetadata = (seen: Seen): Statement[] =>
  seen.metadata.approvals.flatMap((approvalId) => settledBy(seen, approvalId))

/** What waits for whom, who has said what, and what came of it. */
export const approvalsView: View = {
  name: 'approvals',
  version: 1,
  tables: [approvalsTable, needsTable, voicesTable, wantedTable],
  schema: [
    `create table if not exists ${approvalsTable} (
      tenant text, approval_id text, status text, target_kind text, target_id text, command text, command_hash text,
      requester text, requester_for text, requested_by text, requested_at text, expires_at text, closed_at text,
      settled integer, correlation_id text, event_id text, primary key (tenant, approval_id)) without rowid`,
    `create index if not exists ${approvalsTable}_recent on ${approvalsTable} (tenant, requested_at desc, approval_id)`,
    `create index if not exists ${approvalsTable}_target on ${approvalsTable} (tenant, target_kind, target_id)`,
    `create index if not exists ${approvalsTable}_open on ${approvalsTable} (settled) where settled = 0`,
    `create table if not exists ${wantedTable} (
      tenant text, approval_id text, target_kind text, target_id text, correlation_id text, event_id text,
      primary key (tenant, approval_id)) without rowid`,
    `create table if not exists ${needsTable} (
      tenant text, approval_id text, role text, count integer, granted integer,
      primary key (tenant, approval_id, role)) without rowid`,
    `create table if not exists ${voicesTable} (
      tenant text, approval_id text, ordinal integer, word text, speaker text, on_behalf_of text, role text, reason text,
      at text, primary key (tenant, approval_id, ordinal)) without rowid`,
  ],
  handlers: {
    RunRequested: (seen) => {
      const { approval, runId } = seen.event.data
      return approval ? [wanted(seen, approval.approvalId, 'run', runId)] : []
    },
    PromotionRequested: (seen) => {
      const { approval, pipelineId } = seen.event.data
      return [wanted(seen, approval.approvalId, 'pipeline', pipelineId)]
    },
    BackfillRequested: (seen) => {
      const { approval, backfillId } = seen.event.data
      return approval ? [wanted(seen, approval.approvalId, 'backfill', backfillId)] : []
    },
    BackfillStarted: (seen) => settledBy(seen, seen.event.data.approvalId),
    BackfillRefused: (seen) => settledBy(seen, seen.event.data.approvalId),
    PipelinePromoted: (seen) => settledBy(seen, seen.event.data.approvalId),
    PromotionRefused: (seen) => settledBy(seen, seen.event.data.approvalId),
    ApprovalRequested: requested,
    ApprovalGranted: granted,
    ApprovalRejected: (seen) => {
      const { data } = seen.event
      return [spoken(seen, 'rejected', data), closed('rejected')(seen, data.approvalId)]
    },
    ApprovalOverridden: (seen) => {
      const { data } = seen.event
      return [spoken(seen, 'overridden', data), closed('granted')(seen, data.approvalId)]
    },
    ApprovalExpired: (seen) => [closed('expired')(seen, seen.event.data.approvalId)],
    ApprovalConsumed: (seen) => [changed(seen, seen.event.data.approvalId, { status: 'consumed' })],
    RunQueued: settledByMetadata,
    RunRejected: settledByMetadata,
    RunCanceled: (seen) => settledRun(seen, seen.event.data.runId),
  },
}
