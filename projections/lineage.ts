import { put, type Seen, type Statement, update, type View } from './projection.ts'

export const lineageRunsTable = 'lineage_runs_v1'
export const lineageStagesTable = 'lineage_stages_v1'
export const lineageEdgesTable = 'lineage_edges_v1'

export interface LineageRunRow {
  tenant: string
  run_id: string
  pipeline_id: string
  pipeline: string
  /** Null until the run has ended. */
  outcome: 'succeeded' | 'failed' | 'rejected' | 'canceled' | null
}

/** What a stage of a run read and wrote; `inputs` and `outputs` are JSON of Dataset[]. */
export interface LineageStageRow {
  tenant: string
  run_id: string
  stage: string
  ordinal: number
  at: string
  inputs: string
  outputs: string
}

/**
 * That a stage has made an output of an input, in runs that succeeded. A stage that read nothing has '' for its input,
 * one that wrote nothing for its output.
 */
export interface LineageEdgeRow {
  tenant: string
  input_namespace: string
  input_name: string
  output_namespace: string
  output_name: string
  pipeline_id: string
  pipeline: string
  stage: string
  runs: number
  last_run_id: string
  last_at: string
}

const keyOf = (seen: Seen, runId: string) => ({ tenant: seen.metadata.tenant, run_id: runId })

const recorded = (seen: Seen<'LineageRecorded'>): Statement[] => {
  const { runId, stage, lineage } = seen.event.data
  const { tenant } = seen.metadata
  const sql = `insert or replace into ${lineageStagesTable} (tenant, run_id, stage, ordinal, at, inputs, outputs)
    values (?, ?, ?, (select count(*) from ${lineageStagesTable} where tenant = ? and run_id = ?), ?, ?, ?)`
  const [inputs, outputs] = [JSON.stringify(lineage.inputs), JSON.stringify(lineage.outputs)]
  return [[sql, tenant, runId, stage, tenant, runId, seen.metadata.occurredAt, inputs, outputs]]
}

type Ending = 'RunSucceeded' | 'RunFailed' | 'RunRejected' | 'RunCanceled'

const ended = (outcome: LineageRunRow['outcome']) => (seen: Seen<Ending>) => [
  update(lineageRunsTable, keyOf(seen, seen.event.data.runId), { outcome }),
]

/** What a run read and wrote counts once its outputs are published. */
const published = (seen: Seen<'RunSucceeded'>): Statement => [
  `insert into ${lineageEdgesTable}
     select distinct stage.tenant, coalesce(input.value ->> 'namespace', ''), coalesce(input.value ->> 'name', ''),
       coalesce(output.value ->> 'namespace', ''), coalesce(output.value ->> 'name', ''),
       run.pipeline_id, run.pipeline, stage.stage, 1, stage.run_id, ?
     from ${lineageStagesTable} stage
     join ${lineageRunsTable} run on run.tenant = stage.tenant and run.run_id = stage.run_id
     left join json_each(stage.inputs) input on true
     left join json_each(stage.outputs) output on true
     where stage.tenant = ? and stage.run_id = ? and (input.value is not null or output.value is not null)
   on conflict do update set runs = runs + 1, pipeline = excluded.pipeline, last_run_id = excluded.last_run_id,
     last_at = excluded.last_at`,
  seen.metadata.occurredAt,
  seen.metadata.tenant,
  seen.event.data.runId,
]

/** Which datasets came from which: by run and stage, and over all runs that succeeded. */
export const lineageView: View = {
  name: 'lineage',
  version: 1,
  tables: [lineageRunsTable, lineageStagesTable, lineageEdgesTable],
  schema: [
    `create table if not exists ${lineageRunsTable} (
      tenant text, run_id text, pipeline_id text, pipeline text, outcome text,
      primary key (tenant, run_id)) without rowid`,
    `create table if not exists ${lineageStagesTable} (
      tenant text, run_id text, stage text, ordinal integer, at text, inputs text, outputs text,
      primary key (tenant, run_id, stage)) without rowid`,
    `create table if not exists ${lineageEdgesTable} (
      tenant text, input_namespace text, input_name text, output_namespace text, output_name text, pipeline_id text,
      pipeline text, stage text, runs integer, last_run_id text, last_at text,
      primary key (tenant, output_namespace, output_name, input_namespace, input_name, pipeline_id, stage))
      without rowid`,
    `create index if not exists ${lineageEdgesTable}_input
      on ${lineageEdgesTable} (tenant, input_namespace, input_name, output_namespace, output_name)`,
  ],
  handlers: {
    RunRequested: (seen) => {
      const { runId, pipelineId, pipeline } = seen.event.data
      const row: LineageRunRow = { ...keyOf(seen, runId), pipeline_id: pipelineId, pipeline, outcome: null }
      return [put(lineageRunsTable, { ...row })]
    },
    LineageRecorded: recorded,
    RunSucceeded: (seen) => [...ended('succeeded')(seen), published(seen)],
    RunFailed: ended('failed'),
    RunRejected: ended('rejected'),
    RunCanceled: ended('canceled'),
  },
}
