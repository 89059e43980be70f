import type { Dialect } from '../../dialect.ts'
import { batchCodes, nativeError, problem } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { alertOperations } from './alerts/operations.ts'
import { backfillOperations } from './backfills/operations.ts'
import { contractOperations } from './contracts/operations.ts'
import { deadLetterOperations } from './dead-letters/operations.ts'
import { logOperations } from './logs/operations.ts'
import { manifestOperations } from './manifests/operations.ts'
import { overrideOperations } from './manifests/overrides.ts'
import { promoteOperation } from './manifests/promotions.ts'
import { validateOperation } from './manifests/validation.ts'
import { versionOperations } from './manifests/versions.ts'
import { observeOperations } from './observe/index.ts'
import { runOperations } from './runs/operations.ts'
import { replayOperation } from './runs/replay.ts'
import { startOperation } from './runs/start.ts'

/** `/pipelines`: for operators, governance and administrators. Its document fixes one path; errors are problem details. */
export const governanceDialect = (services: Services): Dialect => ({
  name: 'governance',
  prefix: '/pipelines',
  scheme: 'bearer',
  limits: 'generous',
  operations: [
    replayOperation(services),
    ...backfillOperations(services),
    ...alertOperations(services),
    ...deadLetterOperations(services),
    startOperation(services),
    ...runOperations(services),
    ...logOperations(services),
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
