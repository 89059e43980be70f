import type { z } from 'zod'
import type { Shape } from '../../../../../projections/lineage.ts'
import type { ShapeReader } from '../../../../../projections/lineage-columns.ts'
import type { LineageRun, StageLineage } from '../../../../../projections/lineage-queries.ts'
import { uuidv5 } from '../../../../app/ids.ts'
import { version } from '../../../../app/version.ts'
import { isUuid } from '../../../../domain/ids.ts'
import type { openLineageEvents } from './lineage-schemas.ts'
import { shownInput } from './transformations.ts'

const producer = `urn:ledgerline:${version}`
const runEventSchema = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent'
const parentSchema = 'https://openlineage.io/spec/facets/1-2-0/ParentRunFacet.json#/$defs/ParentRunFacet'
const columnsSchema =
  'https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet'

type RunEvent = z.input<typeof openLineageEvents>[number]

/**
 * A stage of a run as OpenLineage 2-0-2 writes it: the stage is the job, the run its parent. OpenLineage's run ids are
 * UUIDs: a run's own where it is one, else drawn from it, always the same. Outputs are told once they are published.
 */
export const openLineageOf = (run: LineageRun, stage: StageLineage, shapeOf: ShapeReader): RunEvent => {
  const { tenant, run_id: runId, pipeline } = run
  const namespace = `ledgerline://${tenant}`
  const parentId = isUuid(runId) ? runId : uuidv5('openlineage-run', tenant, runId)
  return {
    eventType: 'COMPLETE',
    eventTime: stage.at,
    producer,
    schemaURL: runEventSchema,
    run: {
      runId: uuidv5('openlineage-stage', tenant, runId, stage.stage),
      facets: {
        parent: {
          _producer: producer,
          _schemaURL: parentSchema,
          run: { runId: parentId },
          job: { namespace, name: pipeline },
        },
      },
    },
    job: { namespace, name: `${pipeline}.${stage.stage}` },
    inputs: stage.inputs,
    outputs: run.outcome === 'succeeded' ? stage.outputs.map((output) => outputOf(output, shapeOf)) : [],
  }
}

const outputOf = ({ namespace, name, shape }: StageLineage['outputs'][number], shapeOf: ShapeReader) => {
  const found = shapeOf(shape)
  const dataset = { namespace, name }
  return found === undefined || found.leftOut ? dataset : { ...dataset, facets: { columnLineage: facetOf(found) } }
}

/** Of a column that is not wholly known nothing is said: the facet has no word for it. */
const facetOf = ({ columns, rows }: Shape) => ({
  _producer: producer,
  _schemaURL: columnsSchema,
  fields: Object.fromEntries(
    columns
      .filter(({ unknown }) => unknown !== true)
      .map(({ name, inputs }) => [name, { inputFields: inputs.map(fieldOf) }]),
  ),
  dataset: rows.map(fieldOf),
})

const fieldOf = (input: Shape['rows'][number]) => {
  const { namespace, name, column: field, transformations } = shownInput(input)
  return { namespace, name, field, transformations }
}
