import type { Operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { decidingOperations } from './deciding.ts'
import { manyOperations } from './many.ts'
import { readingOperations } from './reading.ts'

/** `/pipelines/dlq`: the dead-letter queue, for those who triage. */
export const deadLetterOperations = (services: Services): Operation[] => [
  ...readingOperations(services),
  ...manyOperations(services),
  ...decidingOperations(services),
]
