import { put, type ReadDb, type Seen, type Statement, update, type View } from './projection.ts'

const subjectsTable = 'subjects_v1'
const holdsTable = 'subject_holds_v1'

/** Where the ledger has an erasure, who asked for it and why. */
interface ErasureRow {
  erased_at: string
  erased_by: string
  reason: string
  ticket: string | null
  event_id: string
  stream: string
  revision: number
  position: number
}

type Row = { pseudonym: string; registered_at: string } & (ErasureRow | { [Column in keyof ErasureRow]: null })

export interface SubjectStatus {
  pseudonym: string
  registeredAt: string
  /** Null as long as it was not erased. */
  erasure: ErasureRow | null
}

/** A legal hold in force. */
interface HoldRow {
  hold_id: string
  reason: string
  placed_at: string
  placed_by: string
}

/** A subject is registered again when its name changes. */
const registered = ({ metadata, event: { data } }: Seen<'SubjectRegistered'>): Statement[] => [
  [
    `insert into ${subjectsTable} (tenant, pseudonym, registered_at) values (?, ?, ?) on conflict do nothing`,
    metadata.tenant,
    data.pseudonym,
    metadata.occurredAt,
  ],
]

const erased = ({ id, stream, revision, position, metadata, event }: Seen<'SubjectErased'>): Statement[] => {
  const { pseudonym, reason, ticket } = event.data
  const row: ErasureRow = {
    erased_at: metadata.occurredAt,
    erased_by: metadata.actor.pseudonym,
    reason,
    ticket,
    event_id: id,
    stream,
    revision: Number(revision),
    position: Number(position),
  }
  return [update(subjectsTable, { tenant: metadata.tenant, pseudonym }, { ...row })]
}

const held = ({ metadata, event: { data } }: Seen<'LegalHoldPlaced'>): Statement[] => {
  const row: HoldRow = {
    hold_id: data.holdId,
    reason: data.reason,
    placed_at: metadata.occurredAt,
    placed_by: metadata.actor.pseudonym,
  }
  return [put(holdsTable, { tenant: metadata.tenant, pseudonym: data.pseudonym, ...row })]
}

const released = ({ metadata, event: { data } }: Seen<'LegalHoldReleased'>): Statement[] => [
  [
    `delete from ${holdsTable} where tenant = ? and pseudonym = ? and hold_id = ?`,
    metadata.tenant,
    data.pseudonym,
    data.holdId,
  ],
]

/** Who may be erased, who was, and what holds it up. It names nobody. */
export const subjectsView: View = {
  name: 'subjects',
  version: 1,
  tables: [subjectsTable, holdsTable],
  schema: [
    `create table if not exists ${subjectsTable} (
      tenant text, pseudonym text, registered_at text, erased_at text, erased_by text, reason text, ticket text,
      event_id text, stream text, revision integer, position integer, primary key (tenant, pseudonym)) without rowid`,
    `create index if not exists ${subjectsTable}_erased on ${subjectsTable} (tenant, pseudonym)
      where erased_at is not null`,
    `create table if not exists ${holdsTable} (
      tenant text, pseudonym text, hold_id text, reason text, placed_at text, placed_by text,
      primary key (tenant, pseudonym, hold_id)) without rowid`,
  ],
  handlers: {
    SubjectRegistered: registered,
    SubjectErased: erased,
    LegalHoldPlaced: held,
    LegalHoldReleased: released,
  },
}

/** A certificate is made of it: nothing else of the row may get in. */
const erasureOf = (row: ErasureRow): ErasureRow => {
  const { erased_at, erased_by, reason, ticket, event_id, stream, revision, position } = row
  return { erased_at, erased_by, reason, ticket, event_id, stream, revision, position }
}

export const subjectStatus = (db: ReadDb, tenant: string, pseudonym: string): SubjectStatus | undefined => {
  const row = db.get<Row>(`select * from ${subjectsTable} where tenant = ? and pseudonym = ?`, tenant, pseudonym)
  if (row === undefined) return undefined
  return { pseudonym, registeredAt: row.registered_at, erasure: row.erased_at === null ? null : erasureOf(row) }
}

/** In force, oldest first. */
export const holdsOf = (db: ReadDb, tenant: string, pseudonym: string): HoldRow[] =>
  db.all<HoldRow>(
    `select hold_id, reason, placed_at, placed_by from ${holdsTable} where tenant = ? and pseudonym = ?
     order by placed_at, hold_id`,
    tenant,
    pseudonym,
  )

interface Erased {
  tenant: string
  pseudonym: string
}

/** Everybody who was ever erased, in any tenant, `countMax` at a time. */
export const erasedAfter = (db: ReadDb, { tenant, pseudonym }: Erased, countMax: number): Erased[] =>
  db.all<Erased>(
    `select tenant, pseudonym from ${subjectsTable}
     where erased_at is not null and (tenant, pseudonym) > (?, ?) order by tenant, pseudonym limit ?`,
    tenant,
    pseudonym,
    countMax,
  )
