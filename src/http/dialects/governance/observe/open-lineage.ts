import type { z } from 'zod'
import type { LineageRunRow, LineageStageRow } from '../../../../../projections/lineage.ts'
import { uuidv5 } from '../../../../app/ids.ts'
import { version } from '../../../../app/version.ts'
import { isUuid } from '../../../../domain/ids.ts'
import type { openLineageEvents } from './lineage-schemas.ts'

const producer = `urn:ledgerline:${version}`
const runEventSchema = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent'
const parentSchema = 'https://openlineage.io/spec/facets/1-2-0/ParentRunFacet.json#/$defs/ParentRunFacet'

/**
 * A stage of a run as OpenLineage 2-0-2 writes it: the stage is the job, the run its parent. OpenLineage's run ids are
 * UUIDs: a run's own where it is one, else drawn from it, always the same. Outputs are told once they are published.
 */
export const openLineageOf = (
  run: LineageRunRow,
  stage: LineageStageRow,
): z.input<typeof openLineageEvents>[number] => {
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
    inputs: JSON.parse(stage.inputs),
    outputs: run.outcome === 'succeeded' ? JSON.parse(stage.outputs) : [],
  }
}
