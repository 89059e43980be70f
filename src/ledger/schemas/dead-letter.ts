import { z } from 'zod'
import { deadLetterSources } from '../../domain/dead-letter/events.ts'
import { environments } from '../../domain/pipeline/environments.ts'
import { count, partitionKey, pipelineId, runId, slug } from './common.ts'

const text = z.string()

const payload = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), runId }),
  z.object({ kind: z.literal('file'), path: text, table: text }),
  z.object({ kind: z.literal('delivery'), deliveryId: text }),
])

const found = { code: text, reason: text, count, payload }

export const deadLetterSchemas = {
  DeadLetterRecorded: z.object({
    entryId: text,
    source: z.enum(deadLetterSources),
    pipelineId: pipelineId.nullable(),
    pipeline: slug.nullable(),
    runId: runId.nullable(),
    partition: partitionKey.nullable(),
    environment: z.enum(environments).nullable(),
    stage: text.nullable(),
    ...found,
  }),
  DeadLetterAssigned: z.object({ entryId: text, assignee: text.nullable() }),
  DeadLetterRetried: z.object({ entryId: text, by: text }),
  DeadLetterReopened: z.object({ entryId: text, by: text, reason: text, found: z.object(found).nullable() }),
  DeadLetterResolved: z.object({ entryId: text, by: text }),
  DeadLetterDiscarded: z.object({ entryId: text }),
  DeadLettersChosen: z.object({
    choiceId: text,
    decision: z.enum(['retry', 'discard']),
    entryIds: z.array(text),
    remaining: count,
  }),
}
