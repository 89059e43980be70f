import type { DeadLetter } from '../../src/domain/dead-letter/events.ts'
import { partitionOf, pipelineOf, runOf, slugOf } from './ids.ts'
import { error } from './run-events.ts'

export const failedEntry: DeadLetter = {
  entryId: 'e1',
  source: 'run',
  pipelineId: pipelineOf(1),
  pipeline: slugOf('flights'),
  runId: runOf('r1'),
  partition: partitionOf('2001-01-01'),
  environment: 'dev',
  stage: 'extract',
  code: error.code,
  reason: error.message,
  count: 1,
  payload: { kind: 'run', runId: runOf('r1') },
}

export const rejectedEntry: DeadLetter = {
  ...failedEntry,
  entryId: 'e2',
  source: 'rows',
  code: 'origin_known',
  reason: 'have no origin',
  count: 3,
  payload: { kind: 'file', path: 'rejected/flights/r1/origin_known.ndjson', table: 'day' },
}

export const undeliveredEntry: DeadLetter = {
  ...failedEntry,
  entryId: 'e3',
  source: 'delivery',
  pipelineId: null,
  pipeline: null,
  runId: null,
  partition: null,
  environment: null,
  stage: null,
  code: 'DELIVERY_EXHAUSTED',
  reason: 'answered 500',
  payload: { kind: 'delivery', deliveryId: 'd1' },
}

/** What an entry is of after a retry that failed. */
export const foundAgain = {
  code: 'QUALITY_CHECK_FAILED',
  reason: 'it is empty',
  count: 1,
  payload: { kind: 'run' as const, runId: runOf('r2') },
}
