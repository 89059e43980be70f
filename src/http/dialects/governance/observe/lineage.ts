import type { z } from 'zod'
import {
  type ColumnHop,
  columnHopsFrom,
  type ShapeReader,
  shapeReader,
} from '../../../../../projections/lineage-columns.ts'
import {
  type Hop,
  hopsFrom,
  lineageOfRun,
  lineageRun,
  type StageLineage,
  type Way,
} from '../../../../../projections/lineage-queries.ts'
import { Rejection } from '../../../../domain/codes.ts'
import type { TenantId } from '../../../../domain/ids.ts'
import { type Operation, operation } from '../../../operation.ts'
import { runIdOf, runNotFound } from '../../../run-ids.ts'
import type { Services } from '../../../services.ts'
import { columnGraphOf, graphOf } from './lineage-graph.ts'
import {
  columnGraph,
  formatQuery,
  lineageGraph,
  lineageQuery,
  openLineageEvents,
  runLineage,
} from './lineage-schemas.ts'
import { columnStartOf, startOf } from './lineage-start.ts'
import { openLineageOf } from './open-lineage.ts'
import { shownInput } from './transformations.ts'

/** Of each direction; with more the answer says that it is truncated. */
const hopsMax = 5_000
/** Of a list of OpenLineage events, in what it says of columns. */
const columnsCharsMax = 16_000_000

export const lineageOfDatasets = ({ reads, views }: Services): Operation =>
  operation({
    method: 'get',
    path: '/lineage',
    summary: 'Which datasets or columns came from which, through which stages, over all runs that succeeded',
    action: 'ReadRuns',
    kind: 'query',
    parameters: {},
    query: lineageQuery,
    answers: {
      200: {
        description: 'the graph of datasets, with a column that of columns, or OpenLineage RunEvents',
        schema: lineageGraph.or(columnGraph).or(openLineageEvents),
      },
    },
    codes: ['RUN_NOT_FOUND', 'DATASET_NOT_FOUND', 'COLUMN_NOT_FOUND'],
    handle: async (c, { query }) => {
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const { hops, truncated, graph } =
        query.column === undefined ? byDatasets(views, tenant, query) : byColumn(views, tenant, query, query.column)
      return c.json(query.format === 'openlineage' ? eventsOf(views, tenant, hops, truncated) : graph())
    },
  })

type Query = z.output<typeof lineageQuery>
const waysOf = ({ direction }: Query): Way[] => (direction === 'both' ? ['upstream', 'downstream'] : [direction])

const byDatasets = (views: Services['views'], tenant: TenantId, query: Query) => {
  const { direction, depth } = query
  if (query.influence === 'direct')
    throw new Rejection('VALIDATION_FAILED', 'influence: only together with a column', { field: 'influence' })
  const from = startOf(views, tenant, query)
  const search = { from, depthMax: depth, countMax: hopsMax }
  const found = waysOf(query).map((way) => hopsFrom(views, tenant, { ...search, way }))
  const hops = found.flatMap((each) => each.hops)
  const truncated = found.some(({ isCut }) => isCut)
  const graph = () =>
    ({ from, direction, depth, truncated, ...graphOf(from, hops) }) satisfies z.input<typeof lineageGraph>
  return { hops, truncated, graph }
}

const byColumn = (views: Services['views'], tenant: TenantId, query: Query, column: string) => {
  const { direction, depth, influence } = query
  const from = columnStartOf(views, tenant, query, column)
  const search = { from, depthMax: depth, countMax: hopsMax, isDirectOnly: influence === 'direct' }
  const found = waysOf(query).map((way) => columnHopsFrom(views, tenant, { ...search, way }))
  const hops = found.flatMap((each) => each.hops)
  const truncated = found.some(({ isCut }) => isCut)
  const told = { from, direction, influence, depth, truncated }
  const graph = () => ({ ...told, ...columnGraphOf(from, hops) }) satisfies z.input<typeof columnGraph>
  return { hops, truncated, graph }
}

export const lineageOfOneRun = ({ reads, views }: Services): Operation =>
  operation({
    method: 'get',
    path: '/runs/{run_id}/lineage',
    summary: 'Which datasets the stages of a run have read and written',
    action: 'ReadRuns',
    kind: 'query',
    parameters: { run_id: 'the run' },
    query: formatQuery,
    answers: {
      200: { description: 'the datasets by stage, or OpenLineage RunEvents', schema: runLineage.or(openLineageEvents) },
    },
    codes: ['RUN_NOT_FOUND'],
    handle: async (c, { query: { format } }) => {
      const runId = runIdOf(c.get('params').run_id ?? '')
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const run = lineageRun(views, tenant, runId)
      if (!run) throw runNotFound(runId)
      const recorded = lineageOfRun(views, tenant, runId)
      const shapeOf = shapeReader(views, tenant)
      if (format === 'openlineage') return c.json(recorded.map((stage) => openLineageOf(run, stage, shapeOf)))
      const { pipeline, outcome } = run
      const stages = recorded.map((stage) => shownStage(stage, shapeOf))
      const shown = { run_id: runId, pipeline, outcome, published: outcome === 'succeeded', stages }
      return c.json(shown satisfies z.input<typeof runLineage>)
    },
  })

const shownStage = ({ stage, at, inputs, outputs }: StageLineage, shapeOf: ShapeReader) => ({
  stage,
  at,
  inputs,
  outputs: outputs.map(({ namespace, name }) => ({ namespace, name })),
  columns: outputs.flatMap(({ namespace, name, shape }) => {
    const found = shapeOf(shape)
    if (found === undefined) return []
    const columns = found.columns.map((column) => ({ ...column, inputs: column.inputs.map(shownInput) }))
    const leftOut = found.leftOut === true ? { left_out: true as const } : {}
    return [{ output: { namespace, name }, columns, rows: found.rows.map(shownInput), ...leftOut }]
  }),
})

/** Of each stage the newest run that did what the graph shows. A list of events cannot say that it is truncated. */
const eventsOf = (
  views: Services['views'],
  tenant: TenantId,
  hops: readonly (Hop | ColumnHop)[],
  isCut: boolean,
): z.input<typeof openLineageEvents> => {
  if (isCut) throw tooMuch(`there are more than ${hopsMax} paths to tell`)
  const stages = new Map<string, Hop | ColumnHop>()
  for (const hop of hops) stages.set(JSON.stringify([hop.last_run_id, hop.stage]), hop)
  const shapeOf = shapeReader(views, tenant)
  let chars = 0
  return [...stages.values()].flatMap(({ last_run_id: runId, stage: name }) => {
    const run = lineageRun(views, tenant, runId)
    const stage = lineageOfRun(views, tenant, runId).find((each) => each.stage === name)
    if (!run || !stage) return []
    const event = openLineageOf(run, stage, shapeOf)
    chars += JSON.stringify(event.outputs).length
    if (chars > columnsCharsMax) throw tooMuch('there is more to tell of columns than an answer may hold')
    return [event]
  })
}

const tooMuch = (why: string): Rejection =>
  new Rejection('VALIDATION_FAILED', `depth: ${why}; ask for fewer stages, or for one direction`, { field: 'depth' })
