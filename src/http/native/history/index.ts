import type { Dialect } from '../../dialect.ts'
import { batchCodes, nativeError, problem } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { accessOperation } from './access.ts'
import { eventsOperation } from './events.ts'
import { historyOperations } from './operations.ts'
import { timelineOperation } from './timeline.ts'

/** `/history/*`: what happened, for auditors. */
export const nativeDialect = (services: Services): Dialect => ({
  name: 'native',
  prefix: '/history',
  scheme: 'bearer',
  limits: 'generous',
  operations: [
    ...historyOperations(services),
    eventsOperation(services),
    timelineOperation(services),
    accessOperation(services),
  ],
  shape: nativeError,
  statusOf: (code) => batchCodes[code][0],
  errorSchema: problem,
  errorType: 'application/problem+json',
})
