import type { ApprovalTarget } from '../src/domain/approval/events.ts'

export const approvalsTable = 'approvals_v2'
export const needsTable = 'approval_needs_v2'
export const voicesTable = 'approval_voices_v2'
export const wantedTable = 'approvals_wanted_v2'

/** Times are ISO 8601; `command` and `requested_by` are JSON. `settled` once what it is for has gone on, or will not. */
export interface ApprovalRow {
  tenant: string
  approval_id: string
  status: 'pending' | 'granted' | 'rejected' | 'expired' | 'withdrawn' | 'consumed'
  target_kind: ApprovalTarget['kind']
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

export const approvalSchema: readonly string[] = [
  `create table if not exists ${approvalsTable} (
      tenant text, approval_id text, status text, target_kind text, target_id text, command text, command_hash text,
      requester text, requester_for text, requested_by text, requested_at text, expires_at text, closed_at text,
      settled integer, correlation_id text, event_id text, primary key (tenant, approval_id)) without rowid`,
  `create index if not exists ${approvalsTable}_recent on ${approvalsTable} (tenant, requested_at desc, approval_id)`,
  `create index if not exists ${approvalsTable}_target on ${approvalsTable} (tenant, target_kind, target_id)`,
  `create index if not exists ${approvalsTable}_unused on ${approvalsTable} (status)
      where settled = 1 and status in ('pending', 'granted')`,
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
]
