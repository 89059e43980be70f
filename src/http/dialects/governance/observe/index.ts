import type { Operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { lineageOfDatasets, lineageOfOneRun } from './lineage.ts'
import { metricsOfAll, metricsOfPipeline } from './metrics.ts'
import { metricsOfOneRun } from './run-figures.ts'
import { sloOfAll, sloOfPipeline } from './slo.ts'

/** What runs took, where data came from, and whether objectives are met. Nothing here changes anything. */
export const observeOperations = (services: Services): Operation[] => [
  metricsOfAll(services),
  lineageOfDatasets(services),
  sloOfAll(services),
  metricsOfOneRun(services),
  lineageOfOneRun(services),
  metricsOfPipeline(services),
  sloOfPipeline(services),
]
