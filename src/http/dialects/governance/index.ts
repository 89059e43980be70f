import type { Dialect } from '../../dialect.ts'
import { batchCodes, nativeError, problem } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { replayOperation } from './replay.ts'
import { runOperations } from './runs.ts'

/** `/pipelines`: for operators, governance and administrators. Its document fixes one path; errors are problem details. */
export const governanceDialect = (services: Services): Dialect => ({
  name: 'governance',
  prefix: '/pipelines',
  scheme: 'bearer',
  limits: 'generous',
  operations: [replayOperation(services), ...runOperations(services)],
  shape: nativeError,
  statusOf: (code) => batchCodes[code][0],
  errorSchema: problem,
  errorType: 'application/problem+json',
})
