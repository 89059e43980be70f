import { z } from 'zod'
import type { JsonObject } from '../../domain/json.ts'
import { jsonSchemaOf } from './schemas.ts'

const time = z.iso.datetime()

const ofRun = {
  event: z.literal('PIPELINE_COMPLETED'),
  run_id: z.string(),
  pipeline: z.string(),
  batch_id: z.string().nullable(),
  timestamp: time,
}
const column = z.object({ name: z.string(), type: z.string() })
const drift = z.object({
  sink: z.string(),
  added: z.array(column),
  removed: z.array(column),
  retyped: z.array(z.object({ name: z.string(), from: z.string(), to: z.string() })),
})

const headers = z.object({
  'webhook-id': z.string().meta({ description: 'The same over all attempts: drop what you have seen' }),
  'webhook-timestamp': z.string().regex(/^\d+$/).meta({ description: 'When this attempt was made, in s since 1970' }),
  'webhook-signature': z.string().meta({
    description: 'By Standard Webhooks: `v1,<base64>`, one for each secret that is valid, with spaces between',
  }),
})

const message = (name: string, summary: string, payload: z.ZodType): JsonObject => ({
  name,
  title: summary,
  contentType: 'application/json',
  headers: jsonSchemaOf(headers),
  payload: jsonSchemaOf(payload),
})

/** What is posted to webhooks: the payload of the batch document. */
export const webhookMessages: Readonly<Record<string, JsonObject>> = {
  runEnded: message(
    'runEnded',
    'A run has ended',
    z.object({ ...ofRun, status: z.enum(['SUCCESS', 'FAILURE', 'CANCELED']) }),
  ),
  runDrifted: message(
    'runDrifted',
    "A run's sink has other columns than before",
    z.object({ ...ofRun, status: z.literal('DRIFT'), drift }),
  ),
  test: message(
    'test',
    'A webhook is tried out',
    z.object({ event: z.literal('TEST'), webhook_id: z.string(), timestamp: time }),
  ),
}
