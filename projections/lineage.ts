import { createHash } from 'node:crypto'
import type { ColumnLineage, Dataset, Lineage } from '../src/domain/run/lineage.ts'
import { put, type Seen, type Statement, type View } from './projection.ts'

const lineageRunsTable = 'lineage_runs_v2'
export const lineageStagesTable = 'lineage_stages_v2'
export const lineageEdgesTable = 'lineage_edges_v2'
export const lineageShapesTable = 'lineage_shapes_v2'

/** Whose a run is. What became of it is in the view `run-status`. */
interface LineageRunRow {
  tenant: string
  run_id: string
  pipeline_id: string
  pipeline: string
}

/**
 * What a stage of a run read and wrote, in the order of `ordinal`; `inputs` is JSON of Dataset[], `outputs` of the same
 * with the shape of each, where one is known.
 */
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
  /** Of the output, as the last run wrote it; null where nothing is known of its columns. */
  shape: string | null
}

/**
 * Where the columns of outputs come from, once for all outputs of which that is the same: a pipeline's do so run after
 * run. `shape` is its digest, `columns` its JSON, a Shape.
 */
interface LineageShapeRow {
  tenant: string
  shape: string
  columns: string
}

export type Shape = Omit<ColumnLineage, 'output'>

const keyOf = (seen: Seen, runId: string) => ({ tenant: seen.metadata.tenant, run_id: runId })

const recorded = (seen: Seen<'LineageRecorded'>): Statement[] => {
  const { runId, stage, lineage } = seen.event.data
  const { tenant } = seen.metadata
  const shapes = shapesOf(lineage)
  const outputs = lineage.outputs.map((output) => {
    const shape = shapes.get(keyOfDataset(output))?.shape
    return shape === undefined ? output : { ...output, shape }
  })
  const row = {
    ...keyOf(seen, runId),
    stage,
    ordinal: seen.revision,
    at: seen.metadata.occurredAt,
    inputs: JSON.stringify(lineage.inputs),
    outputs: JSON.stringify(outputs),
  }
  const kept = [...shapes.values()].map(
    ({ shape, columns }): Statement => [
      `insert into ${lineageShapesTable} (tenant, shape, columns) values (?, ?, ?) on conflict do nothing`,
      tenant,
      shape,
      columns,
    ],
  )
  return [put(lineageStagesTable, row), ...kept]
}

const keyOfDataset = ({ namespace, name }: Dataset): string => JSON.stringify([namespace, name])

/** By output. What is said of it is the same whatever the output is called. */
const shapesOf = ({ columns = [] }: Lineage): Map<string, Pick<LineageShapeRow, 'shape' | 'columns'>> =>
  new Map(
    columns.map(({ output, ...shape }) => {
      const text = JSON.stringify(shape)
      const digest = createHash('sha256').update(text).digest('hex').slice(0, 32)
      return [keyOfDataset(output), { shape: digest, columns: text }]
    }),
  )

/** What a run read and wrote counts once its outputs are published. */
const published = (seen: Seen<'RunSucceeded'>): Statement => [
  `insert into ${lineageEdgesTable}
     select distinct stage.tenant, coalesce(input.value ->> 'namespace', ''), coalesce(input.value ->> 'name', ''),
       coalesce(output.value ->> 'namespace', ''), coalesce(output.value ->> 'name', ''),
       run.pipeline_id, run.pipeline, stage.stage, 1, stage.run_id, ?, output.value ->> 'shape'
     from ${lineageStagesTable} stage
     join ${lineageRunsTable} run on run.tenant = stage.tenant and run.run_id = stage.run_id
     left join json_each(stage.inputs) input on true
     left join json_each(stage.outputs) output on true
     where stage.tenant = ? and stage.run_id = ? and (input.value is not null or output.value is not null)
   on conflict do update set runs = runs + 1, pipeline = excluded.pipeline, last_run_id = excluded.last_run_id,
     last_at = excluded.last_at, shape = excluded.shape`,
  seen.metadata.occurredAt,
  seen.metadata.tenant,
  seen.event.data.runId,
]

/** Which datasets and columns came from which: by run and stage, and over all runs that succeeded. */
export const lineageView: View = {
  name: 'lineage',
  version: 2,
  tables: [lineageRunsTable, lineageStagesTable, lineageEdgesTable, lineageShapesTable],
  schema: [
    `create table if not exists ${lineageRunsTable} (
      tenant text, run_id text, pipeline_id text, pipeline text,
      primary key (tenant, run_id)) without rowid`,
    `create table if not exists ${lineageStagesTable} (
      tenant text, run_id text, stage text, ordinal integer, at text, inputs text, outputs text,
      primary key (tenant, run_id, stage)) without rowid`,
    `create table if not exists ${lineageEdgesTable} (
      tenant text, input_namespace text, input_name text, output_namespace text, output_name text, pipeline_id text,
      pipeline text, stage text, runs integer, last_run_id text, last_at text, shape text,
      primary key (tenant, output_namespace, output_name, input_namespace, input_name, pipeline_id, stage))
      without rowid`,
    `create index if not exists ${lineageEdgesTable}_input
      on ${lineageEdgesTable} (tenant, input_namespace, input_name, output_namespace, output_name)`,
    `create table if not exists ${lineageShapesTable} (
      tenant text, shape text, columns text,
      primary key (tenant, shape))`,
  ],
  handlers: {
    RunRequested: (seen) => {
      const { runId, pipelineId, pipeline } = seen.event.data
      const row: LineageRunRow = { ...keyOf(seen, runId), pipeline_id: pipelineId, pipeline }
      return [put(lineageRunsTable, row)]
    },
    LineageRecorded: recorded,
    RunSucceeded: (seen) => [published(seen)],
  },
}
