import type { z } from 'zod'
import {
  type Hop,
  hopsFrom,
  knowsDataset,
  lineageOfRun,
  lineageRun,
  type Way,
} from '../../../../../projections/lineage-queries.ts'
import { Rejection } from '../../../../domain/codes.ts'
import type { TenantId } from '../../../../domain/ids.ts'
import type { Dataset } from '../../../../domain/run/lineage.ts'
import { type Operation, operation } from '../../../operation.ts'
import { runIdOf, runNotFound } from '../../../run-ids.ts'
import type { Services } from '../../../services.ts'
import { graphOf } from './lineage-graph.ts'
import { formatQuery, lineageGraph, lineageQuery, openLineageEvents, runLineage } from './lineage-schemas.ts'
import { openLineageOf } from './open-lineage.ts'

/** Of each direction; with more the answer says that it is truncated. */
const hopsMax = 5_000
/** Where `NAMESPACE/NAME` may be parted: a name is a path, and may hold slashes itself. */
const partsMax = 64

export const lineageOfDatasets = ({ reads, views }: Services): Operation =>
  operation({
    method: 'get',
    path: '/lineage',
    summary: 'Which datasets came from which, through which stages, over all runs that succeeded',
    action: 'ReadRuns',
    kind: 'query',
    parameters: {},
    query: lineageQuery,
    answers: {
      200: { description: 'the graph, or OpenLineage RunEvents', schema: lineageGraph.or(openLineageEvents) },
    },
    codes: ['RUN_NOT_FOUND'],
    handle: async (c, { query }) => {
      const { direction, depth } = query
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const from = startOf(views, tenant, query)
      const ways: Way[] = direction === 'both' ? ['upstream', 'downstream'] : [direction]
      const found = ways.map((way) => hopsFrom(views, tenant, { from, way, depthMax: depth, countMax: hopsMax }))
      const hops = found.flatMap((each) => each.hops)
      const truncated = found.some(({ isCut }) => isCut)
      if (query.format === 'openlineage') return c.json(eventsOf(views, tenant, hops, truncated))
      const graph = { from, direction, depth, truncated, ...graphOf(from, hops) }
      return c.json(graph satisfies z.input<typeof lineageGraph>)
    },
  })

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
      if (format === 'openlineage') return c.json(recorded.map((stage) => openLineageOf(run, stage)))
      const { pipeline, outcome } = run
      const stages = recorded.map(({ stage, at, inputs, outputs }) => ({
        stage,
        at,
        inputs: JSON.parse(inputs),
        outputs: JSON.parse(outputs),
      }))
      const shown = { run_id: runId, pipeline, outcome, published: outcome === 'succeeded', stages }
      return c.json(shown satisfies z.input<typeof runLineage>)
    },
  })

/** Throws VALIDATION_FAILED, RUN_NOT_FOUND. A dataset that no run has touched is where nothing begins. */
const startOf = (
  views: Services['views'],
  tenant: TenantId,
  { dataset, run }: z.output<typeof lineageQuery>,
): Dataset[] => {
  if ((dataset === undefined) === (run === undefined)) {
    const reason = dataset === undefined ? 'required, unless a run is given' : 'not together with a run'
    throw new Rejection('VALIDATION_FAILED', `dataset: ${reason}`, { field: 'dataset' })
  }
  if (dataset !== undefined) return partings(dataset).filter((each) => knowsDataset(views, tenant, each))
  const runId = runIdOf(run ?? '')
  if (!lineageRun(views, tenant, runId)) throw runNotFound(runId)
  const touched = new Map<string, Dataset>()
  for (const { inputs, outputs } of lineageOfRun(views, tenant, runId)) {
    const both: Dataset[] = [...JSON.parse(inputs), ...JSON.parse(outputs)]
    for (const each of both) touched.set(JSON.stringify([each.namespace, each.name]), each)
  }
  return [...touched.values()]
}

/** All ways to read `NAMESPACE/NAME`. Throws VALIDATION_FAILED where there is none. */
const partings = (text: string): Dataset[] => {
  const found: Dataset[] = []
  for (let at = text.indexOf('/'); at !== -1 && found.length < partsMax; at = text.indexOf('/', at + 1)) {
    if (at > 0 && at < text.length - 1) found.push({ namespace: text.slice(0, at), name: text.slice(at + 1) })
  }
  if (found.length > 0) return found
  throw new Rejection('VALIDATION_FAILED', 'dataset: must be NAMESPACE/NAME', { field: 'dataset' })
}

/** Of each stage the newest run that did what the graph shows. A list of events cannot say that it is truncated. */
const eventsOf = (views: Services['views'], tenant: TenantId, hops: readonly Hop[], isCut: boolean) => {
  if (isCut) {
    const message = `depth: there are more than ${hopsMax} paths to tell; ask for fewer stages, or for one direction`
    throw new Rejection('VALIDATION_FAILED', message, { field: 'depth' })
  }
  const stages = new Map<string, Hop>()
  for (const hop of hops) stages.set(JSON.stringify([hop.last_run_id, hop.stage]), hop)
  return [...stages.values()].flatMap(({ last_run_id: runId, stage: name }) => {
    const run = lineageRun(views, tenant, runId)
    const stage = lineageOfRun(views, tenant, runId).find((each) => each.stage === name)
    return run && stage ? [openLineageOf(run, stage)] : []
  })
}
