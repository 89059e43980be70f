import { put, type ReadDb, type SqlValue, update, type View } from './projection.ts'

const delegationsTable = 'delegations_v1'

/** Times are ISO 8601; `roles` is JSON. */
interface DelegationRow {
  delegation_id: string
  delegator: string
  delegate: string
  roles: string
  reason: string
  granted_at: string
  until: string
  revoked_at: string | null
}

/** Who may decide approvals for whom. */
export const delegationsView: View = {
  name: 'delegations',
  version: 1,
  tables: [delegationsTable],
  schema: [
    `create table if not exists ${delegationsTable} (
      tenant text, delegation_id text, delegator text, delegate text, roles text, reason text, granted_at text,
      until text, revoked_at text, primary key (tenant, delegation_id)) without rowid`,
    `create index if not exists ${delegationsTable}_given on ${delegationsTable} (tenant, delegator)`,
    `create index if not exists ${delegationsTable}_received on ${delegationsTable} (tenant, delegate)`,
  ],
  handlers: {
    DelegationGranted: ({ metadata, event: { data } }) => {
      const { delegationId, from, to, roles, reason, until } = data
      const row: DelegationRow = {
        delegation_id: delegationId,
        delegator: from,
        delegate: to,
        roles: JSON.stringify(roles),
        reason,
        granted_at: metadata.occurredAt,
        until,
        revoked_at: null,
      }
      return [put(delegationsTable, { tenant: metadata.tenant, ...row })]
    },
    DelegationRevoked: ({ metadata: { tenant, occurredAt }, event: { data } }) => [
      update(delegationsTable, { tenant, delegation_id: data.delegationId }, { revoked_at: occurredAt }),
    ],
  },
}

export type DelegationSide = 'given' | 'received'

/** What somebody has delegated, or what was delegated to them, newest first. */
export const listDelegations = (
  db: ReadDb,
  tenant: string,
  pseudonym: string,
  side: DelegationSide | null,
  { limit, offset }: { limit: number; offset: number },
): { rows: DelegationRow[]; total: number } => {
  const columns = { given: ['delegator'], received: ['delegate'], either: ['delegator', 'delegate'] }[side ?? 'either']
  const where = `tenant = ? and (${columns.map((column) => `${column} = ?`).join(' or ')})`
  const parameters: SqlValue[] = [tenant, ...columns.map(() => pseudonym)]
  const rows = db.all<DelegationRow>(
    `select * from ${delegationsTable} where ${where} order by granted_at desc, delegation_id limit ? offset ?`,
    ...parameters,
    limit,
    offset,
  )
  const counted = db.get<{ total: number }>(
    `select count(*) total from ${delegationsTable} where ${where}`,
    ...parameters,
  )
  return { rows, total: counted?.total ?? 0 }
}

/** Whether somebody has ever delegated anything. */
export const hasDelegated = (db: ReadDb, tenant: string, pseudonym: string): boolean =>
  db.get(`select 1 from ${delegationsTable} where tenant = ? and delegator = ? limit 1`, tenant, pseudonym) !==
  undefined
