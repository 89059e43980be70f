import type { z } from 'zod'
import type { ColumnHop, DatasetColumn } from '../../../../../projections/lineage-columns.ts'
import type { Hop } from '../../../../../projections/lineage-queries.ts'
import type { Dataset } from '../../../../domain/run/lineage.ts'
import { Graph } from './graph.ts'
import type { columnGraph, lineageGraph } from './lineage-schemas.ts'
import { transformationsOf } from './transformations.ts'

type Shown = z.input<typeof lineageGraph>
type ShownColumns = z.input<typeof columnGraph>

export const graphOf = (from: readonly Dataset[], hops: readonly Hop[]): Pick<Shown, 'nodes' | 'edges' | 'paths'> => {
  const graph = new Graph<never>()
  for (const dataset of from) graph.addDataset(dataset)
  const paths = hops.map((hop) => {
    const job = graph.addJob(hop)
    const input =
      hop.input_name === '' ? null : graph.addDataset({ namespace: hop.input_namespace, name: hop.input_name })
    const output =
      hop.output_name === '' ? null : graph.addDataset({ namespace: hop.output_namespace, name: hop.output_name })
    if (input !== null) graph.connect(input, job)
    if (output !== null) graph.connect(job, output)
    return { input, job, output, ...toldOf(hop) }
  })
  return { nodes: graph.nodes, edges: graph.edges, paths }
}

type ColumnNode = { id: string; type: 'column' } & DatasetColumn

/** The same for columns; a column that nobody knows is its whole dataset. */
export const columnGraphOf = (
  from: readonly DatasetColumn[],
  hops: readonly ColumnHop[],
): Pick<ShownColumns, 'nodes' | 'edges' | 'paths'> => {
  const graph = new Graph<ColumnNode>()
  const add = (dataset: Dataset, column: string | null): string =>
    column === null
      ? graph.addDataset(dataset)
      : graph.add({ id: `column:${dataset.namespace}/${dataset.name}#${column}`, type: 'column', ...dataset, column })
  for (const { column, ...dataset } of from) add(dataset, column)
  const paths = hops.map((hop) => {
    const job = graph.addJob(hop)
    const input = add({ namespace: hop.input_namespace, name: hop.input_name }, hop.input_column)
    const output = add({ namespace: hop.output_namespace, name: hop.output_name }, hop.output_column)
    graph.connect(input, job)
    graph.connect(job, output)
    const known = hop.input_column !== null && hop.output_column !== null
    return { input, job, output, transformations: transformationsOf(hop.influences), known, ...toldOf(hop) }
  })
  return { nodes: graph.nodes, edges: graph.edges, paths }
}

const toldOf = ({ way: direction, depth, runs, last_run_id, last_at }: Omit<Hop, 'shape'>) => ({
  direction,
  depth,
  runs,
  last_run_id,
  last_at,
})
