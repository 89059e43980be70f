import type { CallOutcome } from '../src/domain/access/events.ts'
import type { RunEvent } from '../src/domain/run/events.ts'
import type { SubjectEvent } from '../src/domain/subject/events.ts'
import { put, type ReadDb, type Seen, type SqlValue, type View } from './projection.ts'

const callsTable = 'access_calls_v1'
const subjectsTable = 'access_subjects_v1'

/** One call, or several alike. `origin` is sealed; `resource` and `query` are JSON. A command's event has no status. */
export interface CallRow {
  tenant: string
  /** What orders the calls of one moment, and makes a row unique: the event's position and the call's place in it. */
  id: string
  at: string
  actor: string | null
  on_behalf_of: string | null
  method: string | null
  /** The route, or the command's name where its own event is the record. */
  operation: string
  resource: string
  query: string
  outcome: CallOutcome
  status: number | null
  duration_ms: number | null
  origin: string | null
  request_id: string
  reason: string | null
  policy: string | null
  count: number
}

/** Sorts as text by position, then by the place within the event. */
const rowId = (position: bigint, index: number): string =>
  `${String(position).padStart(19, '0')}.${String(index).padStart(3, '0')}`

const recordedCalls = ({ position, event, metadata }: Seen<'ApiCallsRecorded'>) =>
  event.data.calls.map((call, index) => {
    const {
      at,
      actor,
      onBehalfOf,
      method,
      route,
      outcome,
      status,
      durationMs,
      origin,
      requestId,
      reason,
      policy,
      count,
    } = call
    const row: CallRow = {
      tenant: metadata.tenant,
      id: rowId(position, index),
      at,
      actor,
      on_behalf_of: onBehalfOf,
      method,
      operation: route,
      resource: JSON.stringify(call.resource),
      query: JSON.stringify(call.query),
      outcome,
      status,
      duration_ms: durationMs,
      origin,
      request_id: requestId,
      reason,
      policy,
      count,
    }
    return put(callsTable, row)
  })

/** What a caller asked for is recorded by the first event of its command. */
const command = (seen: Seen, resource: Record<string, string | null>) => {
  const { metadata } = seen
  if (metadata.dialect === 'internal') return []
  const row: CallRow = {
    tenant: metadata.tenant,
    id: rowId(seen.position, 0),
    at: metadata.occurredAt,
    actor: metadata.actor.pseudonym,
    on_behalf_of: metadata.actor.onBehalfOf ?? null,
    method: null,
    operation: metadata.command,
    resource: JSON.stringify(resource),
    query: '{}',
    outcome: 'ok',
    status: null,
    duration_ms: null,
    origin: metadata.origin,
    request_id: metadata.requestId,
    reason: null,
    policy: metadata.policy.id,
    count: 1,
  }
  return [put(callsTable, row)]
}

const ofRun = (seen: Seen<RunEvent['type']>) => command(seen, { run_id: seen.event.data.runId })

const ofSubject = (seen: Seen<Exclude<SubjectEvent['type'], 'SubjectRegistered'>>) =>
  command(seen, { pseudonym: seen.event.data.pseudonym })

/** Who called what, and for whom each pseudonym stands (sealed). */
export const accessView: View = {
  name: 'access',
  version: 1,
  tables: [callsTable, subjectsTable],
  schema: [
    `create table if not exists ${callsTable} (
      tenant text, id text, at text, actor text, on_behalf_of text, method text, operation text, resource text, query text, outcome text,
      status integer, duration_ms real, origin text, request_id text, reason text, policy text, count integer,
      primary key (tenant, id)) without rowid`,
    `create index if not exists access_calls_by_time_v1 on ${callsTable} (tenant, at, id)`,
    `create index if not exists access_calls_by_outcome_v1 on ${callsTable} (tenant, outcome, at, id)`,
    `create index if not exists access_calls_by_actor_v1 on ${callsTable} (tenant, actor, at, id)`,
    `create index if not exists access_calls_by_behalf_v1 on ${callsTable} (tenant, on_behalf_of, at, id)
     where on_behalf_of is not null`,
    `create table if not exists ${subjectsTable} (
      tenant text, pseudonym text, identity text, primary key (tenant, pseudonym)) without rowid`,
  ],
  handlers: {
    ApiCallsRecorded: recordedCalls,
    RunRequested: ofRun,
    RunCancelRequested: ofRun,
    SubjectErased: ofSubject,
    LegalHoldPlaced: ofSubject,
    LegalHoldReleased: ofSubject,
    SubjectRegistered: ({ event: { data }, metadata }) => [
      put(subjectsTable, { tenant: metadata.tenant, pseudonym: data.pseudonym, identity: data.identity }),
    ],
  },
}

export interface CallFilter {
  /** Pseudonyms. */
  actors?: readonly string[]
  outcome?: CallOutcome
  /** ISO times; `from` is included, `to` is not. */
  from?: string
  to?: string
}

/** Newest first; `total` counts all that the filter lets through. */
export const listCalls = (
  db: ReadDb,
  tenant: string,
  { actors, outcome, from, to }: CallFilter,
  { limit, offset }: { limit: number; offset: number },
): { rows: CallRow[]; total: number } => {
  const conditions = ['tenant = ?']
  const parameters: SqlValue[] = [tenant]
  const demand = (condition: string, ...values: SqlValue[]): void => {
    conditions.push(condition)
    parameters.push(...values)
  }
  const marks = actors?.map(() => '?').join(', ')
  if (actors) demand(`(actor in (${marks}) or on_behalf_of in (${marks}))`, ...actors, ...actors)
  if (outcome !== undefined) demand('outcome = ?', outcome)
  if (from !== undefined) demand('at >= ?', from)
  if (to !== undefined) demand('at < ?', to)
  const where = conditions.join(' and ')
  const order = 'order by at desc, id desc limit ? offset ?'
  const rows = db.all<CallRow>(`select * from ${callsTable} where ${where} ${order}`, ...parameters, limit, offset)
  const counted = db.get<{ total: number }>(`select count(*) total from ${callsTable} where ${where}`, ...parameters)
  return { rows, total: counted?.total ?? 0 }
}

export interface SubjectRow {
  pseudonym: string
  /** Sealed JSON of issuer, subject and name. */
  identity: string
}

/** Everybody who was ever seen in the tenant, by pseudonym, `countMax` at a time. */
export const subjectsAfter = (db: ReadDb, tenant: string, pseudonym: string, countMax: number): SubjectRow[] =>
  db.all<SubjectRow>(
    `select pseudonym, identity from ${subjectsTable} where tenant = ? and pseudonym > ? order by pseudonym limit ?`,
    tenant,
    pseudonym,
    countMax,
  )

export const subjectBy = (db: ReadDb, tenant: string, pseudonym: string): SubjectRow | undefined =>
  db.get<SubjectRow>(
    `select pseudonym, identity from ${subjectsTable} where tenant = ? and pseudonym = ?`,
    tenant,
    pseudonym,
  )
