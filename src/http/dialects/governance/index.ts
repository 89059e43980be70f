import type { Dialect } from '../../dialect.ts'
import { batchCodes, nativeError, problem } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { backfillOperations } from './backfills.ts'
import { contractOperations } from './contracts.ts'
import { manifestOperations } from './manifests.ts'
import { observeOperations } from './observe/index.ts'
import { overrideOperations } from './overrides.ts'
import { promoteOperation } from './promotions.ts'
import { replayOperation } from './replay.ts'
import { runOperations } from './runs.ts'
import { startOperation } from './start.ts'
import { validateOperation } from './validation.ts'
import { versionOperations } from './versions.ts'

/** `/pipelines`: for operators, governance and administrators. Its document fixes one path; errors are problem details. */
export const governanceDialect = (services: Services): Dialect => ({
  name: 'governance',
  prefix: '/pipelines',
  scheme: 'bearer',
  limits: 'generous',
  operations: [
    replayOperation(services),
    ...backfillOperations(services),
    startOperation(services),
    ...runOperations(services),
    ...manifestOperations(services),
    validateOperation(services),
    ...contractOperations(services),
    ...overrideOperations(services),
    promoteOperation(services),
    ...versionOperations(services),
    ...observeOperations(services),
  ],
  shape: nativeError,
  statusOf: (code) => batchCodes[code][0],
  errorSchema: problem,
  errorType: 'application/problem+json',
})
