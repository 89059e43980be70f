import { z } from 'zod'
import { parseSlug } from '../../../domain/ids.ts'
import { resendChoices, webhookEvents } from '../../../domain/webhook/events.ts'
import { required, wholeNumber } from '../../validate.ts'

const urlCharsMax = 2_048
const pipelinesMax = 100
const time = z.iso.datetime()

const url = z
  .string({ error: required('a string') })
  .max(urlCharsMax, `must have at most ${urlCharsMax} characters`)
  .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'must be an http or https URL')
  // An event keeps the URL for ever: no password belongs there.
  .refine((text) => !URL.parse(text)?.username && !URL.parse(text)?.password, 'must not hold a user or a password')

const pipeline = z.string({ error: 'must be a pipeline' }).transform((text, context) => {
  const slug = parseSlug(text)
  if (slug !== undefined) return slug
  context.addIssue({ code: 'custom', message: 'must be the name of a pipeline' })
  return z.NEVER
})

const settings = {
  url,
  events: z
    .array(z.enum(webhookEvents, { error: `must be one of ${webhookEvents.join(', ')}` }), {
      error: required('a list'),
    })
    .min(1, 'must name an event')
    .transform((events) => [...new Set(events)]),
  pipelines: z
    .array(pipeline, { error: 'must be a list' })
    .max(pipelinesMax, `must have at most ${pipelinesMax} pipelines`)
    .nullish()
    .transform((pipelines) => pipelines ?? null),
}

export const webhookBody = z.strictObject(settings)
export const webhookUpdate = z.strictObject({ ...settings, enabled: z.boolean('must be true or false').default(true) })

const webhook = {
  webhook_id: z.uuid(),
  url: z.string(),
  events: z.array(z.enum(webhookEvents)),
  pipelines: z.array(z.string()).nullable(),
  enabled: z.boolean(),
  disabled_reason: z.string().nullable(),
  created_at: time,
  updated_at: time,
}
const secret = z.string().nullable()

export const webhookAnswer = z.strictObject(webhook)
export const registeredWebhook = z.strictObject({ ...webhook, secret })
export const webhookList = z.strictObject({ webhooks: z.array(webhookAnswer) })
export const deleted = z.strictObject({ webhook_id: z.uuid(), status: z.literal('DELETED') })
export const rotated = z.strictObject({ webhook_id: z.uuid(), secret, old_secret_until: time })
export const scheduled = z.strictObject({
  webhook_id: z.uuid(),
  delivery_id: z.uuid(),
  status: z.literal('PENDING'),
})

const page = {
  limit: wholeNumber(1, 1_000).default(20),
  page: wholeNumber(1, 1_000_000).default(1),
}
const deliveryStatuses = ['PENDING', 'DELIVERED', 'EXHAUSTED'] as const
const stored = { PENDING: 'pending', DELIVERED: 'delivered', EXHAUSTED: 'exhausted' } as const

export const deliveryQuery = z.strictObject({
  status: z
    .enum(deliveryStatuses, { error: `must be one of ${deliveryStatuses.join(', ')}` })
    .transform((status) => stored[status])
    .optional(),
  ...page,
})

export const deadLetterQuery = z.strictObject({
  webhook_id: z.uuid('must be the id of a webhook').optional(),
  pipeline: z.string().optional(),
  ...page,
})

const fromCharsMax = 64

export const resendBody = z.strictObject(
  {
    from: z
      .string({ error: required('an ISO 8601 time or a Ledger-Position') })
      .min(1, 'must not be empty')
      .max(fromCharsMax, `must have at most ${fromCharsMax} characters`),
    status: z.enum(resendChoices, { error: `must be one of ${resendChoices.join(', ')}` }).default('FAILED'),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must be a JSON object' : undefined) },
)

export const resendAnswer = z.strictObject({
  webhook_id: z.uuid(),
  status: z.literal('PENDING'),
  messages: z.int(),
  /** Where to go on when there are more; null when that was all. */
  next_from: z.string().nullable(),
})

const attempt = z.strictObject({
  attempt: z.int(),
  at: time,
  outcome: z.enum(['delivered', 'failed', 'gone', 'refused']),
  status: z.int().nullable(),
  duration_ms: z.number(),
  error: z.string().nullable(),
  response: z.string().nullable(),
})

const message = {
  delivery_id: z.uuid(),
  run_id: z.string().nullable(),
  created_at: time,
  payload: z.json(),
  attempts: z.array(attempt),
}

export const deliveryList = z.strictObject({
  deliveries: z.array(
    z.strictObject({ ...message, status: z.enum(deliveryStatuses), next_attempt_at: time.nullable() }),
  ),
  page: z.int(),
  per_page: z.int(),
})

export const deadLetterList = z.strictObject({
  dead_letters: z.array(z.strictObject({ webhook_id: z.uuid(), ...message, reason: z.string(), exhausted_at: time })),
  total: z.int(),
  page: z.int(),
  per_page: z.int(),
})
