import type { DriftWork, FoundDrift } from '../src/app/ports/drift.ts'
import { must, parseRunId, parseTenantId } from '../src/domain/ids.ts'
import type { ReadDb } from './projection.ts'
import { driftsOfRun, type FoundRow, unrecordedDrifts } from './sink-schemas.ts'

const countMax = 1_000

/** Drifts that are to be recorded, as the views know them. */
export const driftWork = (views: ReadDb): DriftWork => ({
  ofRun: (tenant, runId) => driftsOfRun(views, tenant, runId).map(foundDrift),
  unrecorded: () => unrecordedDrifts(views, countMax).map(foundDrift),
})

const foundDrift = (row: FoundRow): FoundDrift => ({
  tenant: must(parseTenantId(row.tenant), 'tenant'),
  runId: must(parseRunId(row.run_id), 'run id'),
  sink: row.sink,
  since: must(parseRunId(row.since), 'run id'),
  before: JSON.parse(row.before),
  after: JSON.parse(row.columns),
  cause: { correlationId: row.correlation_id, causationId: row.event_id },
})
