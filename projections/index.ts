import { accessView } from './access.ts'
import { alertsView } from './alerts.ts'
import { approvalsView } from './approvals.ts'
import { backfillsView } from './backfills.ts'
import { checkpointsView } from './checkpoints.ts'
import { contractsView } from './contracts.ts'
import { deadLettersView } from './dead-letters.ts'
import { delegationsView } from './delegations.ts'
import { eventHistory } from './event-history.ts'
import { lineageView } from './lineage.ts'
import { pipelinesView } from './pipelines.ts'
import type { View } from './projection.ts'
import { runStatus } from './run-status.ts'
import { sinkSchemasView } from './sink-schemas.ts'
import { subjectsView } from './subjects.ts'
import { webhooksView } from './webhooks.ts'

/** Every view. A new one is added here. */
export const allViews: readonly View[] = [
  runStatus,
  pipelinesView,
  accessView,
  webhooksView,
  sinkSchemasView,
  subjectsView,
  eventHistory,
  checkpointsView,
  approvalsView,
  backfillsView,
  delegationsView,
  contractsView,
  lineageView,
  deadLettersView,
  alertsView,
]
