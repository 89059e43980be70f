import type { z } from 'zod'
import { type DatasetColumn, knownColumn } from '../../../../../projections/lineage-columns.ts'
import { datasetKey, knowsDataset, lineageOfRun, lineageRun } from '../../../../../projections/lineage-queries.ts'
import { Rejection } from '../../../../domain/codes.ts'
import type { TenantId } from '../../../../domain/ids.ts'
import type { Dataset } from '../../../../domain/run/lineage.ts'
import { runIdOf, runNotFound } from '../../../run-ids.ts'
import type { Services } from '../../../services.ts'
import type { lineageQuery } from './lineage-schemas.ts'

type Query = z.output<typeof lineageQuery>

/** Where `NAMESPACE/NAME` may be parted: a name is a path, and may hold slashes itself. */
const partsMax = 64

/** The datasets where a lineage begins. Throws VALIDATION_FAILED, RUN_NOT_FOUND, DATASET_NOT_FOUND. */
export const startOf = (views: Services['views'], tenant: TenantId, { dataset, run }: Query): Dataset[] => {
  if ((dataset === undefined) === (run === undefined)) {
    const reason = dataset === undefined ? 'required, unless a run is given' : 'not together with a run'
    throw new Rejection('VALIDATION_FAILED', `dataset: ${reason}`, { field: 'dataset' })
  }
  if (dataset !== undefined) return datasetsNamed(views, tenant, dataset)
  const runId = runIdOf(run ?? '')
  if (!lineageRun(views, tenant, runId)) throw runNotFound(runId)
  const touched = new Map<string, Dataset>()
  for (const { inputs, outputs } of lineageOfRun(views, tenant, runId)) {
    for (const { namespace, name } of [...inputs, ...outputs]) {
      touched.set(datasetKey({ namespace, name }), { namespace, name })
    }
  }
  return [...touched.values()]
}

/** The same for a column. Throws VALIDATION_FAILED, DATASET_NOT_FOUND, COLUMN_NOT_FOUND. */
export const columnStartOf = (
  views: Services['views'],
  tenant: TenantId,
  { dataset, run }: Query,
  column: string,
): DatasetColumn[] => {
  if (dataset === undefined || run !== undefined)
    throw new Rejection('VALIDATION_FAILED', 'column: only of a dataset, and without a run', { field: 'column' })
  const found = datasetsNamed(views, tenant, dataset).flatMap((each) => {
    const name = knownColumn(views, tenant, each, column)
    return name === null ? [] : [{ ...each, column: name }]
  })
  if (found.length > 0) return found
  const message = `column '${column}' of dataset '${dataset}' not found: no run that succeeded has recorded that it read or wrote it`
  throw new Rejection('COLUMN_NOT_FOUND', message, { dataset, column })
}

const datasetsNamed = (views: Services['views'], tenant: TenantId, text: string): Dataset[] => {
  const found = partings(text).filter((each) => knowsDataset(views, tenant, each))
  if (found.length > 0) return found
  const message = `dataset '${text}' not found: no run that succeeded has read or written it`
  throw new Rejection('DATASET_NOT_FOUND', message, { dataset: text })
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
