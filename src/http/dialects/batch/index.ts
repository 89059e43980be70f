import type { Dialect } from '../../dialect.ts'
import { batchCodes } from '../../errors.ts'
import type { Services } from '../../services.ts'
import { batchError } from './errors.ts'
import { batchOperations } from './routes.ts'
import { errorAnswer } from './schemas.ts'

export const batchDialect = (services: Services): Dialect => ({
  name: 'batch',
  prefix: '/api/pipeline',
  scheme: 'bearer',
  limits: 'generous',
  operations: batchOperations(services),
  shape: batchError,
  statusOf: (code) => batchCodes[code][0],
  errorSchema: errorAnswer,
  errorType: 'application/json',
})
