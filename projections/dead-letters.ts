import { deadLetterSchema, deadLettersTable, decisionsTable, pendingTable, retriesTable } from './dead-letter-tables.ts'
import { put, type Seen, type Statement, update, type View } from './projection.ts'

type RunEnded = Seen<'RunFailed' | 'RunCanceled' | 'RunRejected'>
type Decision = Seen<
  | 'DeadLetterRecorded'
  | 'DeadLetterAssigned'
  | 'DeadLetterRetried'
  | 'DeadLetterReopened'
  | 'DeadLetterResolved'
  | 'DeadLetterDiscarded'
>

/** What has to become an entry, unless it is a retry of one. */
const pending = (seen: Seen, row: Record<'source' | 'id' | 'file' | 'code' | 'reason', string>, more = {}): Statement =>
  put(pendingTable, {
    tenant: seen.metadata.tenant,
    ...row,
    stage: null,
    tab: null,
    count: 1,
    position: seen.position,
    correlation_id: seen.metadata.correlationId,
    event_id: seen.id,
    ...more,
  })

const notPending = (seen: Seen, source: string, id: string, file: string): Statement => [
  `delete from ${pendingTable} where tenant = ? and source = ? and id = ? and file = ?`,
  seen.metadata.tenant,
  source,
  id,
  file,
]

/** Rows of a run that has published nothing are of no output. */
const withoutRows = (seen: RunEnded): Statement => [
  `delete from ${pendingTable} where tenant = ? and source = 'rows' and id = ?`,
  seen.metadata.tenant,
  seen.event.data.runId,
]

/** That something was done again which may be of an entry. `of` and `by` are both runs, or both the one delivery. */
const retried = (seen: Seen, kind: 'run' | 'delivery', of: string, by: string): Statement => {
  const { salt: _, schema: __, command: ___, ...metadata } = seen.metadata
  return put(retriesTable, {
    tenant: seen.metadata.tenant,
    kind,
    by,
    position: seen.position,
    of,
    event_id: seen.id,
    metadata: JSON.stringify(metadata),
  })
}

const decision = (seen: Decision, detail: string | null = null): Statement => {
  const { metadata, event } = seen
  return put(decisionsTable, {
    tenant: metadata.tenant,
    entry_id: event.data.entryId,
    revision: seen.revision,
    decision: seen.type,
    at: metadata.occurredAt,
    actor: metadata.actor.pseudonym,
    on_behalf_of: metadata.actor.onBehalfOf ?? null,
    reason: metadata.reason ?? null,
    detail,
    event_id: seen.id,
  })
}

const change = (seen: Decision, changes: Parameters<typeof update>[2]): Statement => {
  const key = { tenant: seen.metadata.tenant, entry_id: seen.event.data.entryId }
  return update(deadLettersTable, key, { ...changes, updated_at: seen.metadata.occurredAt })
}

/** Of a run or a delivery its id, of rows also their file. */
const placeOf = (payload: Seen<'DeadLetterRecorded'>['event']['data']['payload'], runId: string | null) => {
  if (payload.kind === 'file') return { id: runId ?? '', file: payload.path }
  return { id: payload.kind === 'run' ? payload.runId : payload.deliveryId, file: '' }
}

const recorded = (seen: Seen<'DeadLetterRecorded'>): Statement[] => {
  const { metadata, position, event } = seen
  const { entryId, source, payload, ...data } = event.data
  const { id, file } = placeOf(payload, data.runId)
  const columns = {
    tenant: metadata.tenant,
    entry_id: entryId,
    source,
    status: 'open',
    pipeline_id: data.pipelineId,
    pipeline: data.pipeline,
    run_id: data.runId,
    partition: data.partition,
    environment: data.environment,
    stage: data.stage,
    code: data.code,
    reason: data.reason,
    count: data.count,
    payload: JSON.stringify(payload),
    delivery_id: payload.kind === 'delivery' ? payload.deliveryId : null,
    tab: payload.kind === 'file' ? payload.table : null,
    retries: 0,
    recorded_at: metadata.occurredAt,
    updated_at: metadata.occurredAt,
    position,
  }
  const names = Object.keys(columns)
  const insert: Statement = [
    `insert or replace into ${deadLettersTable} (${names.join(', ')}, since) values (${names.map(() => '?').join(', ')},
      coalesce((select position from ${pendingTable} where tenant = ? and source = ? and id = ? and file = ?), ?))`,
    ...Object.values(columns),
    ...[metadata.tenant, source, id, file, position],
  ]
  return [insert, notPending(seen, source, id, file), decision(seen)]
}

/** What the retry has left is the entry's again, and becomes none of its own. */
const reopened = (seen: Seen<'DeadLetterReopened'>): Statement[] => {
  const { by, found } = seen.event.data
  const { tenant } = seen.metadata
  const { payload } = found ?? {}
  const changes = found ? { ...found, payload: JSON.stringify(found.payload) } : {}
  // What was asked for since the retry failed is another one, also where that failure is only told now.
  const since: Statement = [
    `update ${deadLettersTable} set since = coalesce(
       (select max(position) from ${pendingTable} where tenant = ? and source in ('run', 'rows', 'delivery') and id = ?), ?)
     where tenant = ? and entry_id = ?`,
    ...[tenant, by, seen.position, tenant, seen.event.data.entryId],
  ]
  return [
    change(seen, { status: 'open', ...changes }),
    since,
    notPending(seen, payload?.kind === 'delivery' ? 'delivery' : 'run', by, ''),
    ...(payload?.kind === 'file' ? [notPending(seen, 'rows', by, payload.path)] : []),
    decision(seen, by),
  ]
}

const tried = (seen: Seen<'DeadLetterRetried'>): Statement => {
  const { entryId, by } = seen.event.data
  return [
    `update ${deadLettersTable} set status = 'retrying', retry = ?, retries = retries + 1, updated_at = ?
      where tenant = ? and entry_id = ?`,
    ...[by, seen.metadata.occurredAt, seen.metadata.tenant, entryId],
  ]
}

/** What has come to nothing and waits for somebody. A run that succeeds costs it nothing. */
export const deadLettersView: View = {
  name: 'dead-letters',
  version: 1,
  tables: [deadLettersTable, decisionsTable, pendingTable, retriesTable],
  schema: deadLetterSchema,
  handlers: {
    RunRequested: (seen) => {
      const { replayOf, runId } = seen.event.data
      return replayOf ? [retried(seen, 'run', replayOf.runId, runId)] : []
    },
    StageCompleted: (seen) => {
      const { runId, stage, rejected = [] } = seen.event.data
      return rejected
        .filter(({ rows }) => rows > 0)
        .map(({ check, table, reason, rows, file }) =>
          pending(seen, { source: 'rows', id: runId, file, code: check, reason }, { stage, tab: table, count: rows }),
        )
    },
    RunFailed: (seen) => {
      const { runId, stage, error } = seen.event.data
      const { code, message: reason } = error
      return [withoutRows(seen), pending(seen, { source: 'run', id: runId, file: '', code, reason }, { stage })]
    },
    RunCanceled: (seen) => [withoutRows(seen)],
    RunRejected: (seen) => [withoutRows(seen)],
    DeliveryExhausted: (seen) => {
      const { deliveryId, error } = seen.event.data
      const row = { source: 'delivery', id: deliveryId, file: '', code: 'DELIVERY_EXHAUSTED', reason: error }
      return [pending(seen, row)]
    },
    DeliveryResent: (seen) => {
      const { deliveryId } = seen.event.data
      return [retried(seen, 'delivery', deliveryId, deliveryId)]
    },
    DeadLetterRecorded: recorded,
    DeadLetterAssigned: (seen) => {
      const { assignee } = seen.event.data
      return [change(seen, { assignee }), decision(seen, assignee)]
    },
    DeadLetterRetried: (seen) => [tried(seen), decision(seen, seen.event.data.by)],
    DeadLetterReopened: reopened,
    DeadLetterResolved: (seen) => {
      const { by } = seen.event.data
      return [change(seen, { status: 'resolved', resolved_by: by }), decision(seen, by)]
    },
    DeadLetterDiscarded: (seen) => {
      return [change(seen, { status: 'discarded', discard_reason: seen.metadata.reason ?? null }), decision(seen)]
    },
  },
}
