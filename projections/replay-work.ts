import type { ReplayWork } from '../src/app/ports/replays.ts'
import { must, parseRunId, parseTenantId } from '../src/domain/ids.ts'
import type { ReadDb } from './projection.ts'
import { unreconciledReplays } from './run-queries.ts'

const countMax = 1_000

/** Replays that are to be compared, as the views know them. */
export const replayWork = (views: ReadDb): ReplayWork => ({
  unreconciled: () =>
    unreconciledReplays(views, countMax).map((row) => ({
      tenant: must(parseTenantId(row.tenant), 'tenant'),
      runId: must(parseRunId(row.run_id), 'run id'),
      cause: { correlationId: row.correlation_id, causationId: row.event_id },
    })),
})
