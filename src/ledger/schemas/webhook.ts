import { z } from 'zod'
import { resendChoices, webhookEvents } from '../../domain/webhook/events.ts'
import { count, jsonObject, runId, sealed, slug } from './common.ts'

const text = z.string()
const decimal = z.string().regex(/^\d+$/)
const settings = { url: text, events: z.array(z.enum(webhookEvents)), pipelines: z.array(slug).nullable() }

export const webhookSchemas = {
  WebhookRegistered: z.object({ webhookId: text, ...settings, secret: sealed }),
  WebhookUpdated: z.object({ webhookId: text, ...settings }),
  WebhookSecretRotated: z.object({ webhookId: text, secret: sealed, oldUntil: text }),
  WebhookDisabled: z.object({ webhookId: text, reason: text }),
  WebhookEnabled: z.object({ webhookId: text }),
  WebhookDeleted: z.object({ webhookId: text }),
  WebhookResendRequested: z.object({
    webhookId: text,
    choice: z.enum(resendChoices),
    between: z.object({ first: decimal, last: decimal }).nullable(),
    messages: count,
    more: z.boolean(),
  }),
  DeliveryScheduled: z.object({
    deliveryId: text,
    webhookId: text,
    runId: runId.nullable(),
    body: jsonObject,
    dueAt: text,
  }),
  DeliveryAttempted: z.object({
    deliveryId: text,
    attempt: count,
    outcome: z.enum(['delivered', 'failed', 'gone', 'refused']),
    status: count.nullable(),
    durationMs: z.number(),
    error: text.nullable(),
    response: text.nullable(),
    nextAt: text.nullable(),
  }),
  DeliveryExhausted: z.object({ deliveryId: text, attempts: count, error: text }),
  DeliveryResent: z.object({ deliveryId: text, dueAt: text }),
}
