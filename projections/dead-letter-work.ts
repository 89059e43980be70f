import type { DeadLetterWork, DueDeadLetters, PendingDeadLetter, RetryAsked } from '../src/app/ports/dead-letters.ts'
import { must, parseRunId, parseTenantId } from '../src/domain/ids.ts'
import { deadLettersTable, notEnded, pendingTable, retriesTable, waitingIndex } from './dead-letter-tables.ts'
import type { ReadDb, SqlValue } from './projection.ts'
import { runsTable } from './run-tables.ts'
import { deliveriesTable } from './webhooks.ts'

type Subject = DueDeadLetters['subject']

const countMax = 1_000
const columns = 'tenant, kind, id, correlation_id, event_id'

/** Of `r`, which has succeeded, and `e` with its `o`. */
const isResolving = `r.partition is e.partition and r.environment = e.environment
  and coalesce(o.ended_at, '') <= r.ended_at and r.run_id <> e.run_id
  and (e.status = 'retrying' or r.run_id <> o.run_id)`

/**
 * From an entry `e` over the run `o` that it is of, or that was its last retry, to runs `r` that have succeeded: of the
 * same pipeline, partition and environment, and asked for later. A retry that has left the entry open is none.
 */
const resolving = `${deadLettersTable} e
  cross join ${runsTable} o on o.tenant = e.tenant and o.run_id = coalesce(e.retry, e.run_id)
  cross join ${runsTable} r on r.tenant = e.tenant and r.pipeline = o.pipeline and r.status = 'succeeded'
    and r.requested_at >= o.requested_at
  where e.source <> 'delivery' and ${notEnded('e')} and ${isResolving}`

/** Asked for again, `a`, after the entry `e` was opened: the run that it is of, its last retry, or the message. */
const unnoted = [
  `a.kind = 'run' and a.of = e.run_id and e.source <> 'delivery'`,
  `a.kind = 'run' and a.of = e.retry and e.source <> 'delivery'`,
  `a.kind = 'delivery' and a.of = e.delivery_id`,
].map(
  (same) => `${deadLettersTable} e cross join ${retriesTable} a on a.tenant = e.tenant and ${same}
    where e.status = 'open' and ${notEnded('e')} and a.position > e.since`,
)

/**
 * The same for all entries at once: through the runs that have succeeded since the first run of an entry that waits, each
 * of which finds its entries by an index. From every entry to its runs it would be the one times the other.
 */
const resolvingAll = `(
    select f.tenant, min(w.requested_at) since from ${deadLettersTable} f indexed by ${waitingIndex}
    cross join ${runsTable} w on w.tenant = f.tenant and w.run_id = coalesce(f.retry, f.run_id)
    where ${notEnded('f')} and f.source <> 'delivery' group by f.tenant) m
  cross join ${runsTable} r on r.tenant = m.tenant and r.status = 'succeeded' and r.requested_at >= m.since
  cross join ${deadLettersTable} e indexed by ${waitingIndex} on e.tenant = r.tenant and e.pipeline_id = r.pipeline_id
    and e.partition is r.partition and e.environment = r.environment and ${notEnded('e')} and e.source <> 'delivery'
  cross join ${runsTable} o on o.tenant = e.tenant and o.run_id = coalesce(e.retry, e.run_id)
    and r.requested_at >= o.requested_at
  where ${isResolving}`

const unnotedColumns = `a.tenant, a.kind, a.by id, json_extract(a.metadata, '$.correlationId') correlation_id, a.event_id`
const runColumns = `r.tenant, 'run' kind, r.run_id id, r.correlation_id, r.event_id`

/** Runs and deliveries by which something is left to be said of an entry `e`; `from` leads to what has made it good. */
const dueOfEntries = (from: string) => [
  ...unnoted.map((from) => `select ${unnotedColumns} from ${from}`),
  `select ${runColumns} from ${deadLettersTable} e cross join ${runsTable} r on r.tenant = e.tenant and r.run_id = e.retry
    where e.status = 'retrying' and ${notEnded('e')} and r.status in ('failed', 'canceled', 'rejected', 'succeeded')`,
  `select ${runColumns} from ${from}`,
  `select e.tenant, 'delivery' kind, d.delivery_id id, d.delivery_id correlation_id, d.delivery_id event_id
    from ${deadLettersTable} e cross join ${deliveriesTable} d on d.tenant = e.tenant and d.delivery_id = e.delivery_id
    where ${notEnded('e')} and d.status = 'delivered'`,
]

const duePending = [
  `select p.tenant, 'run' kind, p.id, p.correlation_id, p.event_id from ${pendingTable} p
    cross join ${runsTable} r on r.tenant = p.tenant and r.run_id = p.id
    where p.source in ('run', 'rows') and r.status in ('failed', 'succeeded')`,
  `select p.tenant, 'delivery' kind, p.id, p.correlation_id, p.event_id from ${pendingTable} p
    where p.source = 'delivery'`,
]

interface DueRow {
  tenant: string
  kind: 'run' | 'delivery'
  id: string
  correlation_id: string
  event_id: string
}

const dueIn = (views: ReadDb, queries: readonly string[], ...parameters: SqlValue[]): DueDeadLetters[] => {
  const found = queries.flatMap((sql) =>
    views.all<DueRow>(`select distinct ${columns} from (${sql}) limit ${countMax}`, ...parameters),
  )
  return found.map(({ tenant, kind, id, correlation_id, event_id }) => ({
    tenant: must(parseTenantId(tenant), 'tenant'),
    subject: kind === 'run' ? { kind, id: must(parseRunId(id), 'run id') } : { kind, id },
    cause: { correlationId: correlation_id, causationId: event_id },
  }))
}

const ids = (rows: { entry_id: string }[]): string[] => [...new Set(rows.map(({ entry_id }) => entry_id))]

interface PendingRow {
  file: string
  tab: string | null
  stage: string | null
  code: string
  reason: string
  count: number
  correlation_id: string
  event_id: string
}

const pendingOf = (views: ReadDb, tenant: string, { kind, id }: Subject): PendingDeadLetter[] =>
  (kind === 'run' ? ['run', 'rows'] : ['delivery'])
    .flatMap((source) =>
      views.all<PendingRow>(
        `select * from ${pendingTable} where tenant = ? and source = ? and id = ? order by position, file`,
        tenant,
        source,
        id,
      ),
    )
    .map(({ file, tab, stage, code, reason, count, correlation_id, event_id }) => ({
      rows: tab === null ? null : { file, table: tab },
      ...{ stage, code, reason, count },
      cause: { correlationId: correlation_id, causationId: event_id },
    }))

const waitingFor = (views: ReadDb, tenant: string, { kind, id }: Subject): string[] => {
  if (kind === 'delivery') {
    const sql = `select entry_id from ${deadLettersTable} e where tenant = ? and delivery_id = ? and ${notEnded('e')}`
    return ids(views.all(sql, tenant, id))
  }
  const sql = `select e.entry_id from ${runsTable} r
    cross join ${deadLettersTable} e indexed by ${waitingIndex} on e.tenant = r.tenant and e.pipeline_id = r.pipeline_id
      and e.partition is r.partition and e.environment = r.environment and ${notEnded('e')} and e.source <> 'delivery'
    cross join ${runsTable} o on o.tenant = e.tenant and o.run_id = coalesce(e.retry, e.run_id)
    where r.tenant = ? and r.run_id = ? and r.requested_at >= o.requested_at and ${isResolving}`
  return ids(views.all(sql, tenant, id))
}

const retriedBy = (views: ReadDb, tenant: string, { kind, id }: Subject): string[] => {
  const of = kind === 'run' ? `source <> 'delivery'` : `source = 'delivery'`
  return ids(views.all(`select entry_id from ${deadLettersTable} where tenant = ? and retry = ? and ${of}`, tenant, id))
}

/** By indexes: it is asked about every run that succeeds. */
const concerns = (views: ReadDb, tenant: string, subject: Subject): boolean => {
  const { kind, id } = subject
  const again = views.get(
    `select 1 from ${retriesTable} where tenant = ? and kind = ? and by = ? union all
     select 1 from ${pendingTable} where tenant = ? and source in (${kind === 'run' ? `'run', 'rows'` : `'delivery'`}) and id = ?
     limit 1`,
    ...[tenant, kind, id, tenant, id],
  )
  return again !== undefined || waitingFor(views, tenant, subject).length > 0
}

/** What is left to be said of dead letters, as the views know it. */
export const deadLetterWork = (views: ReadDb): DeadLetterWork => ({
  due: () => dueIn(views, [...duePending, ...dueOfEntries(resolvingAll)]),
  dueOf: (tenant, entryId) => {
    const ofEntry = dueOfEntries(resolving).map((sql) => `${sql} and e.tenant = ? and e.entry_id = ?`)
    return dueIn(views, ofEntry, tenant, entryId)
  },
  concerns: (tenant, subject) => concerns(views, tenant, subject),
  pending: (tenant, subject) => pendingOf(views, tenant, subject),
  unnoted: (tenant, { kind, id }) => {
    const found = unnoted.flatMap((from) =>
      views.all<{ entry_id: string; event_id: string; metadata: string }>(
        `select e.entry_id, a.event_id, a.metadata from ${from} and a.tenant = ? and a.kind = ? and a.by = ?
         order by a.position desc`,
        ...[tenant, kind, id],
      ),
    )
    const newest = new Map(found.reverse().map((row) => [row.entry_id, row]))
    return [...newest.values()].map(({ entry_id, event_id, metadata }) => ({
      entryId: entry_id,
      asked: { ...JSON.parse(metadata), eventId: event_id } satisfies RetryAsked,
    }))
  },
  retriedBy: (tenant, subject) => retriedBy(views, tenant, subject),
  waitingFor: (tenant, subject) => waitingFor(views, tenant, subject),
})
