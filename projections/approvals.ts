import type { ApprovalTarget, ApprovalVoice } from '../src/domain/approval/events.ts'
import {
  type ApprovalRow,
  approvalSchema,
  approvalsTable,
  needsTable,
  type VoiceRow,
  voicesTable,
  wantedTable,
} from './approval-tables.ts'
import { put, type Seen, type SqlValue, type Statement, update, type View } from './projection.ts'

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
  return [put(approvalsTable, row), ...needs, unwanted, found]
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

/** What was canceled needs its approval no more. */
const settledTarget = (seen: Seen, { kind, id }: ApprovalTarget): Statement[] => {
  const { tenant } = seen.metadata
  return [
    [
      `update ${approvalsTable} set settled = 1
        where tenant = ? and target_kind = ? and target_id = ? and settled = 0`,
      tenant,
      kind,
      id,
    ],
    [`delete from ${wantedTable} where tenant = ? and target_kind = ? and target_id = ?`, tenant, kind, id],
  ]
}

/** That something waits for an approval which is not there yet. */
const wanted = (seen: Seen, approvalId: string, kind: ApprovalTarget['kind'], id: string): Statement =>
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
  version: 2,
  tables: [approvalsTable, needsTable, voicesTable, wantedTable],
  schema: approvalSchema,
  handlers: {
    RunRequested: (seen) => {
      const { approval, runId } = seen.event.data
      return approval ? [wanted(seen, approval.approvalId, 'run', runId)] : []
    },
    PromotionRequested: (seen) => {
      const { approval, pipelineId } = seen.event.data
      return [wanted(seen, approval.approvalId, 'pipeline', pipelineId)]
    },
    ContractChangeRequested: (seen) => {
      const { approval, name } = seen.event.data
      return [wanted(seen, approval.approvalId, 'contract', name)]
    },
    ContractRegistered: (seen) => settledBy(seen, seen.event.data.approvalId ?? null),
    ContractChangeRefused: (seen) => settledBy(seen, seen.event.data.approvalId),
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
    ApprovalWithdrawn: (seen) => {
      const changes = { status: 'withdrawn', closed_at: seen.metadata.occurredAt, settled: 1 }
      return [changed(seen, seen.event.data.approvalId, changes)]
    },
    ApprovalConsumed: (seen) => [changed(seen, seen.event.data.approvalId, { status: 'consumed' })],
    RunQueued: settledByMetadata,
    RunRejected: settledByMetadata,
    RunCanceled: (seen) => settledTarget(seen, { kind: 'run', id: seen.event.data.runId }),
    BackfillCanceled: (seen) => settledTarget(seen, { kind: 'backfill', id: seen.event.data.backfillId }),
  },
}
