import type { Dialect } from '../../dialect.ts'
import { batchCodes, nativeError, problem } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { manifestOperations } from './manifests.ts'
import { overrideOperations } from './overrides.ts'
import { promoteOperation } from './promotions.ts'
import { replayOperation } from './replay.ts'
import { runOperations } from './runs.ts'
import { startOperation } from './start.ts'
import { versionOperations } from './versions.ts'

/** `/pipelines`: for operators, governance and administrators. Its document fixes one path; errors are problem details. */
export const governanceDialect = (services: Services): Dialect => ({
  name: 'governance',
  prefix: '/pipelines',
  scheme: 'bearer',
  limits: 'generous',
  operations: [
    replayOperation(services),
    startOperation(services),
    ...runOperations(services),
    ...manifestOperations(services),
    ...overrideOperations(services),
    promoteOperation(services),
    ...versionOperations(services),
  ],
  shape: nativeError,
  statusOf: (code) => batchCodes[code][0],
  errorSchema: problem,
  errorType: 'application/problem+json',
})
