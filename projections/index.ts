import { accessView } from './access.ts'
import { pipelinesView } from './pipelines.ts'
import type { View } from './projection.ts'
import { runHistory } from './run-history.ts'
import { runStatus } from './run-status.ts'
import { sinkSchemasView } from './sink-schemas.ts'
import { webhooksView } from './webhooks.ts'

/** Every view. A new one is added here. */
export const allViews: readonly View[] = [
  runStatus,
  runHistory,
  pipelinesView,
  accessView,
  webhooksView,
  sinkSchemasView,
]
