import type { Column, SinkSchema } from '../src/domain/run/drift.ts'
import { put, type ReadDb, type Seen, type Statement, update, type View } from './projection.ts'

const activeTable = 'schema_runs_v1'
export const sinkSchemasTable = 'sink_schemas_v1'

/** What a run that succeeded has written to a sink, beside what the last one before it had. `columns` are JSON. */
export interface FoundRow {
  tenant: string
  run_id: string
  sink: string
  since: string
  columns: string
  before: string
  correlation_id: string
  event_id: string
}

const keyOf = (seen: Seen, runId: string) => ({ tenant: seen.metadata.tenant, run_id: runId })

const requested = (seen: Seen<'RunRequested'>): Statement[] => {
  const { runId, pipelineId } = seen.event.data
  return [put(activeTable, { ...keyOf(seen, runId), pipeline_id: pipelineId })]
}

/** By name, so that the order of columns makes no difference to a comparison of texts. */
const textOf = (columns: readonly Column[]): string =>
  JSON.stringify(
    columns.map(({ name, type }) => ({ name, type })).sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name))),
  )

/** Of two stages that wrote one sink the later counts. */
const wrote = (seen: Seen, runId: string, { sink, columns }: SinkSchema): Statement => [
  `insert or replace into ${sinkSchemasTable} (tenant, run_id, sink, pipeline_id, columns)
    select tenant, run_id, ?, pipeline_id, ? from ${activeTable} where tenant = ? and run_id = ?`,
  sink,
  textOf(columns),
  seen.metadata.tenant,
  runId,
]

/**
 * Events come in the ledger's order: the run that succeeded last, as far as this view has seen, is the last before this
 * one, in every replica and after every rebuild.
 */
const succeeded = (seen: Seen<'RunSucceeded'>): Statement[] => {
  const { tenant, correlationId } = seen.metadata
  const { runId } = seen.event.data
  const compared: Statement = [
    `update ${sinkSchemasTable} as own set since = (
       select run_id from ${sinkSchemasTable} other where other.tenant = own.tenant
         and other.pipeline_id = own.pipeline_id and other.sink = own.sink and other.position is not null
       order by other.position desc limit 1)
     where tenant = ? and run_id = ?`,
    tenant,
    runId,
  ]
  const settled: Statement = [
    `update ${sinkSchemasTable} as own set position = ?, correlation_id = ?, event_id = ?, unrecorded = exists (
       select 1 from ${sinkSchemasTable} other where other.tenant = own.tenant and other.run_id = own.since
         and other.sink = own.sink and other.columns <> own.columns)
     where tenant = ? and run_id = ?`,
    seen.position,
    correlationId,
    seen.id,
    tenant,
    runId,
  ]
  return [compared, settled, ended(seen)]
}

type Ending = 'RunSucceeded' | 'RunFailed' | 'RunRejected' | 'RunCanceled'

const deleteFrom = (table: string, { metadata, event }: Seen<Ending>): Statement => [
  `delete from ${table} where tenant = ? and run_id = ?`,
  metadata.tenant,
  event.data.runId,
]
const ended = (seen: Seen<Ending>): Statement => deleteFrom(activeTable, seen)
/** What was never published is compared with nothing. */
const unpublished = (seen: Seen<Ending>): Statement[] => [ended(seen), deleteFrom(sinkSchemasTable, seen)]

const drifted = (seen: Seen<'DriftDetected'>): Statement[] => {
  const { runId, sink } = seen.event.data
  const changes = { unrecorded: 0, drifted_at: seen.metadata.occurredAt }
  return [update(sinkSchemasTable, { ...keyOf(seen, runId), sink }, changes)]
}

/** The columns of every sink that a run wrote, and what is left to be said of their changes. */
export const sinkSchemasView: View = {
  name: 'sink-schemas',
  version: 1,
  tables: [activeTable, sinkSchemasTable],
  schema: [
    `create table if not exists ${activeTable} (
      tenant text, run_id text, pipeline_id text, primary key (tenant, run_id)) without rowid`,
    `create table if not exists ${sinkSchemasTable} (
      tenant text, run_id text, sink text, pipeline_id text, columns text, position integer, since text,
      unrecorded integer, drifted_at text, correlation_id text, event_id text,
      primary key (tenant, run_id, sink)) without rowid`,
    `create index if not exists ${sinkSchemasTable}_last
      on ${sinkSchemasTable} (tenant, pipeline_id, sink, position) where position is not null`,
    `create index if not exists ${sinkSchemasTable}_unrecorded
      on ${sinkSchemasTable} (position) where unrecorded = 1`,
    `create index if not exists ${sinkSchemasTable}_drifted
      on ${sinkSchemasTable} (tenant, drifted_at) where drifted_at is not null`,
  ],
  handlers: {
    RunRequested: requested,
    StageCompleted: (seen) => {
      const { runId, schema = [] } = seen.event.data
      return schema.map((each) => wrote(seen, runId, each))
    },
    RunSucceeded: succeeded,
    RunFailed: unpublished,
    RunRejected: unpublished,
    RunCanceled: unpublished,
    DriftDetected: drifted,
  },
}

const found = `select own.tenant, own.run_id, own.sink, own.since, own.columns, other.columns before,
    own.correlation_id, own.event_id
  from ${sinkSchemasTable} own join ${sinkSchemasTable} other
    on other.tenant = own.tenant and other.run_id = own.since and other.sink = own.sink
  where own.unrecorded = 1`

/** The drifts of a run that it has not recorded. */
export const driftsOfRun = (db: ReadDb, tenant: string, runId: string): FoundRow[] =>
  db.all<FoundRow>(`${found} and own.tenant = ? and own.run_id = ? order by own.sink`, tenant, runId)

/** The same of all runs, in the order in which they succeeded. */
export const unrecordedDrifts = (db: ReadDb, countMax: number): FoundRow[] =>
  db.all<FoundRow>(`${found} order by own.position, own.sink limit ?`, countMax)
