import {
  type ApprovalRow,
  approvalsTable,
  type NeedRow,
  needsTable,
  type VoiceRow,
  voicesTable,
  wantedTable,
} from './approval-tables.ts'
import type { ReadDb, SqlValue } from './projection.ts'

export const approvalById = (db: ReadDb, tenant: string, approvalId: string): ApprovalRow | undefined =>
  db.get<ApprovalRow>(`select * from ${approvalsTable} where tenant = ? and approval_id = ?`, tenant, approvalId)

export const needsOf = (db: ReadDb, tenant: string, approvalId: string): NeedRow[] =>
  db.all<NeedRow>(
    `select role, count, granted from ${needsTable} where tenant = ? and approval_id = ? order by role`,
    tenant,
    approvalId,
  )

/** In the order in which they were said. */
export const voicesOf = (db: ReadDb, tenant: string, approvalId: string): VoiceRow[] =>
  db.all<VoiceRow>(
    `select word, speaker, on_behalf_of, role, reason, at from ${voicesTable} where tenant = ? and approval_id = ?
     order by ordinal`,
    tenant,
    approvalId,
  )

export interface ApprovalFilter {
  status?: ApprovalRow['status']
  /** Only those that still want somebody with one of the roles, and that none of the persons asked for or decided. */
  waitingFor?: { roles: readonly string[]; persons: readonly string[] }
  target?: string
}

const placesFor = (values: readonly string[]): string => values.map(() => '?').join(', ')

/** Newest first. */
export const listApprovals = (
  db: ReadDb,
  tenant: string,
  { status, waitingFor, target }: ApprovalFilter,
  { limit, offset }: { limit: number; offset: number },
): { rows: ApprovalRow[]; total: number } => {
  const conditions = ['tenant = ?']
  const parameters: SqlValue[] = [tenant]
  const add = (condition: string, ...values: SqlValue[]) => {
    conditions.push(condition)
    parameters.push(...values)
  }
  if (status !== undefined) add('status = ?', status)
  if (target !== undefined) add('target_id = ?', target)
  if (waitingFor) {
    const { roles, persons } = waitingFor
    const [ofRoles, ofPersons] = [placesFor(roles), placesFor(persons)]
    const wanted = `select approval_id from ${needsTable} where tenant = ? and granted < count and role in (${ofRoles})`
    // One whose run was canceled just now is settled, and waits for nobody.
    add(`status = 'pending' and settled = 0 and approval_id in (${wanted})`, tenant, ...roles)
    add(`requester not in (${ofPersons}) and coalesce(requester_for, '') not in (${ofPersons})`, ...persons, ...persons)
    const spoken = `select approval_id from ${voicesTable} where tenant = ?
      and (speaker in (${ofPersons}) or on_behalf_of in (${ofPersons}))`
    add(`approval_id not in (${spoken})`, tenant, ...persons, ...persons)
  }
  const where = conditions.join(' and ')
  const rows = db.all<ApprovalRow>(
    `select * from ${approvalsTable} where ${where} order by requested_at desc, approval_id limit ? offset ?`,
    ...parameters,
    limit,
    offset,
  )
  const counted = db.get<{ total: number }>(
    `select count(*) total from ${approvalsTable} where ${where}`,
    ...parameters,
  )
  return { rows, total: counted?.total ?? 0 }
}

/** Those for which something is left to do, in any tenant: granted, rejected or expired, or past their time. */
export const dueApprovals = (db: ReadDb, now: string, countMax: number): ApprovalRow[] =>
  db.all<ApprovalRow>(
    `select * from ${approvalsTable} where settled = 0 and (status <> 'pending' or expires_at <= ?)
     order by requested_at limit ?`,
    now,
    countMax,
  )

/** Those that are open though what they are for has ended without them, in any tenant. */
export const unusedApprovals = (db: ReadDb, countMax: number): ApprovalRow[] =>
  db.all<ApprovalRow>(
    `select * from ${approvalsTable} where settled = 1 and status in ('pending', 'granted') limit ?`,
    countMax,
  )

/** Ids of approvals that somebody has asked for and that are not settled. */
export const openApprovalsOf = (db: ReadDb, tenant: string, pseudonym: string): string[] =>
  db
    .all<{ approval_id: string }>(
      `select approval_id from ${approvalsTable} where settled = 0 and tenant = ? and ? in (requester, requester_for)
       order by approval_id`,
      tenant,
      pseudonym,
    )
    .map(({ approval_id }) => approval_id)

export interface WantedRow {
  tenant: string
  approval_id: string
  target_kind: ApprovalRow['target_kind']
  target_id: string
  correlation_id: string
  event_id: string
}

/** Approvals that something waits for and that are not there yet, in any tenant. */
export const wantedApprovals = (db: ReadDb, countMax: number): WantedRow[] =>
  db.all<WantedRow>(`select * from ${wantedTable} limit ?`, countMax)
