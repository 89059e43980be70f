import type { DueRun, DueWork } from '../src/app/ports/due.ts'
import { must, parseRunId, parseTenantId } from '../src/domain/ids.ts'
import type { ReadDb } from './projection.ts'
import { type DueRow, dueRetries, dueRuns, endedClaims } from './run-queries.ts'

const countMax = 1_000

/** What is due, as the views know it. */
export const dueWork = (views: ReadDb): DueWork => ({
  work: (asked) => dueRuns(views, { ...asked, countMax }).map(dueRun),
  retries: (now) => dueRetries(views, now, countMax).map(dueRun),
  endedClaims: () => endedClaims(views, countMax).map(dueRun),
})

const dueRun = (row: DueRow): DueRun => ({
  tenant: must(parseTenantId(row.tenant), 'tenant'),
  runId: must(parseRunId(row.run_id), 'run id'),
  engine: row.engine,
  attempt: row.attempt,
  cause: { correlationId: row.correlation_id, causationId: row.event_id },
})
