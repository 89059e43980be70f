import type { z } from 'zod'
import type { LineageEdgeRow } from '../../../../../projections/lineage.ts'
import type { Hop } from '../../../../../projections/lineage-queries.ts'
import type { Dataset } from '../../../../domain/run/events.ts'
import type { lineageGraph } from './lineage-schemas.ts'

type Graph = z.input<typeof lineageGraph>

const datasetId = ({ namespace, name }: Dataset): string => `dataset:${namespace}/${name}`
const jobId = ({ pipeline, stage }: LineageEdgeRow): string => `job:${pipeline}.${stage}`

/** Every dataset and job once, in the order in which they were come upon. */
export const graphOf = (from: readonly Dataset[], hops: readonly Hop[]): Pick<Graph, 'nodes' | 'edges' | 'paths'> => {
  const nodes = new Map<string, Graph['nodes'][number]>()
  const edges = new Map<string, Graph['edges'][number]>()
  const addDataset = (dataset: Dataset): string => {
    const id = datasetId(dataset)
    nodes.set(id, nodes.get(id) ?? { id, type: 'dataset', ...dataset })
    return id
  }
  const addEdge = (one: string, other: string) => edges.set(JSON.stringify([one, other]), { from: one, to: other })
  for (const dataset of from) addDataset(dataset)
  const paths = hops.map((hop) => {
    const job = jobId(hop)
    nodes.set(job, nodes.get(job) ?? { id: job, type: 'job', pipeline: hop.pipeline, stage: hop.stage })
    const input = hop.input_name === '' ? null : addDataset({ namespace: hop.input_namespace, name: hop.input_name })
    const output =
      hop.output_name === '' ? null : addDataset({ namespace: hop.output_namespace, name: hop.output_name })
    if (input !== null) addEdge(input, job)
    if (output !== null) addEdge(job, output)
    const { way: direction, depth, runs, last_run_id, last_at } = hop
    return { input, job, output, direction, depth, runs, last_run_id, last_at }
  })
  return { nodes: [...nodes.values()], edges: [...edges.values()], paths }
}
