import type { Dataset } from '../src/domain/run/lineage.ts'
import { lineageEdgesTable } from './lineage.ts'
import { datasetKey, hopsFrom } from './lineage-queries.ts'
import type { ReadDb } from './projection.ts'

const outputsMax = 1_000
const hopsMax = 5_000
const depthMax = 20

export interface Downstream {
  /** Other pipelines, by how many stages they are away at least, counted from 1. */
  pipelines: { pipeline: string; depth: number }[]
  /** How many datasets they write from it. */
  datasets: number
  /** Whether there is more than was looked at. */
  isCut: boolean
}

/** What is made from what a pipeline writes, as far as runs that succeeded tell. */
export const downstreamOf = (db: ReadDb, tenant: string, pipeline: string): Downstream => {
  const from = db.all<Dataset>(
    `select distinct output_namespace namespace, output_name name from ${lineageEdgesTable}
     where tenant = ? and pipeline = ? and output_name <> '' limit ?`,
    tenant,
    pipeline,
    outputsMax + 1,
  )
  const own = from.slice(0, outputsMax)
  const { hops, isCut } = hopsFrom(db, tenant, { from: own, way: 'downstream', depthMax, countMax: hopsMax })
  const others = hops.filter((hop) => hop.pipeline !== pipeline)
  const depths = new Map<string, number>()
  for (const { pipeline: name, depth } of others) depths.set(name, Math.min(depth, depths.get(name) ?? depth))
  const written = others.filter(({ output_name: name }) => name !== '')
  return {
    pipelines: [...depths].map(([name, depth]) => ({ pipeline: name, depth })).sort(byDepth),
    datasets: new Set(written.map((hop) => datasetKey({ namespace: hop.output_namespace, name: hop.output_name })))
      .size,
    isCut: isCut || from.length > outputsMax,
  }
}

const byDepth = (a: Downstream['pipelines'][number], b: Downstream['pipelines'][number]): number =>
  a.depth - b.depth || (a.pipeline < b.pipeline ? -1 : 1)
