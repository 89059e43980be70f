import type { Dataset } from '../src/domain/run/lineage.ts'
import { type LineageEdgeRow, type LineageStageRow, lineageEdgesTable, lineageStagesTable } from './lineage.ts'
import type { ReadDb } from './projection.ts'
import { runById } from './run-queries.ts'

export type Way = 'upstream' | 'downstream'

/** A hop of a lineage: how many stages it is away from where the search began, counted from 1, and which way. */
export interface Hop extends LineageEdgeRow {
  depth: number
  way: Way
}

const searched: Record<Way, { here: 'input' | 'output'; there: 'input' | 'output' }> = {
  upstream: { here: 'output', there: 'input' },
  downstream: { here: 'input', there: 'output' },
}

export const datasetKey = ({ namespace, name }: Dataset): string => JSON.stringify([namespace, name])

export const edgesAt = (db: ReadDb, tenant: string, way: Way, { namespace, name }: Dataset, countMax: number) => {
  const { here, there } = searched[way]
  return db.all<LineageEdgeRow>(
    `select * from ${lineageEdgesTable} where tenant = ? and ${here}_namespace = ? and ${here}_name = ?
     order by ${there}_namespace, ${there}_name, pipeline, stage limit ?`,
    tenant,
    namespace,
    name,
    countMax,
  )
}

export interface Search {
  from: readonly Dataset[]
  way: Way
  depthMax: number
  countMax: number
}

/**
 * Breadth first. Each dataset is searched once, at its least depth, so a cycle ends where it closes; the hop that
 * closes it is still among the answer. `isCut` says that there are more than `countMax` hops.
 */
export const hopsFrom = (db: ReadDb, tenant: string, search: Search): { hops: Hop[]; isCut: boolean } => {
  const { from, way, depthMax, countMax } = search
  const { there } = searched[way]
  const seen = new Set(from.map(datasetKey))
  const hops: Hop[] = []
  let frontier = [...from]
  for (let depth = 1; depth <= depthMax && frontier.length > 0; depth += 1) {
    const next: Dataset[] = []
    for (const dataset of frontier) {
      const left = countMax - hops.length
      const edges = edgesAt(db, tenant, way, dataset, left + 1)
      for (const edge of edges.slice(0, left)) {
        hops.push({ ...edge, depth, way })
        const reached = { namespace: edge[`${there}_namespace`], name: edge[`${there}_name`] }
        if (reached.name === '' || seen.has(datasetKey(reached))) continue
        seen.add(datasetKey(reached))
        next.push(reached)
      }
      if (edges.length > left) return { hops, isCut: true }
    }
    frontier = next
  }
  return { hops, isCut: false }
}

/** Whether a run that succeeded has read or written the dataset. */
export const knowsDataset = (db: ReadDb, tenant: string, dataset: Dataset): boolean =>
  edgesAt(db, tenant, 'upstream', dataset, 1).length > 0 || edgesAt(db, tenant, 'downstream', dataset, 1).length > 0

const outcomes = ['succeeded', 'failed', 'rejected', 'canceled'] as const

/** `outcome` is null until the run has ended. */
export interface LineageRun {
  tenant: string
  run_id: string
  pipeline: string
  outcome: (typeof outcomes)[number] | null
}

export const lineageRun = (db: ReadDb, tenant: string, runId: string): LineageRun | undefined => {
  const run = runById(db, tenant, runId)
  if (run === undefined) return undefined
  const outcome = outcomes.find((each) => each === run.status) ?? null
  return { tenant, run_id: runId, pipeline: run.pipeline, outcome }
}

/** What a stage of a run read and wrote; `shape` is missing where nothing is known of the output's columns. */
export interface StageLineage {
  stage: string
  at: string
  inputs: Dataset[]
  outputs: (Dataset & { shape?: string })[]
}

/** In the order in which they were recorded. */
export const lineageOfRun = (db: ReadDb, tenant: string, runId: string): StageLineage[] => {
  const rows = db.all<LineageStageRow>(
    `select * from ${lineageStagesTable} where tenant = ? and run_id = ? order by ordinal`,
    tenant,
    runId,
  )
  return rows.map(({ stage, at, inputs, outputs }) => ({
    stage,
    at,
    inputs: JSON.parse(inputs),
    outputs: JSON.parse(outputs),
  }))
}
