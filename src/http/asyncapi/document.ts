import type { JsonObject } from '../../domain/json.ts'
import { entities } from '../native/events/published.ts'
import { eventsQuery } from '../native/events/query.ts'
import { eventMessages, eventSchemas } from './event-messages.ts'
import { jsonSchemaOf, refTo } from './schemas.ts'
import { webhookMessages } from './webhook-messages.ts'

const server = (protocol: string, port: number, description: string): JsonObject => ({
  host: '{host}',
  protocol,
  description,
  variables: { host: { default: `localhost:${port}` } },
})

const bindingVersion = '0.3.0'

/** Messages of a channel, as it lists them, and as an operation on it refers to them. */
const listed = (names: readonly string[]): JsonObject =>
  Object.fromEntries(names.map((name) => [name, refTo('components', 'messages', name)]))
const ofChannel = (channel: string, names: readonly string[]) =>
  names.map((name) => refTo('channels', channel, 'messages', name))

const eventNames = Object.keys(eventMessages)
const webhookNames = Object.keys(webhookMessages)

const channels: JsonObject = {
  events: {
    address: 'events.{tenant}.{entity}.{type}',
    title: 'Events over NATS',
    description: 'In the JetStream stream EVENTS, for 30 days. At least once, in the order of the ledger.',
    servers: [refTo('servers', 'nats')],
    parameters: {
      tenant: { description: 'Whose events', location: '$message.payload#/tenant' },
      entity: { description: 'What it happened to', enum: [...entities] },
      type: { description: 'The type of the event', enum: eventNames },
    },
    messages: listed(eventNames),
  },
  eventStream: {
    address: '/events',
    title: 'Events over HTTP',
    description:
      "Server-Sent Events: `id` is an opaque position to resume after (Last-Event-ID), `event` the type, `data` the payload. The caller's tenant's events only.",
    servers: [refTo('servers', 'http')],
    messages: listed(eventNames),
  },
  webhooks: {
    address: null,
    title: 'Webhooks',
    description: 'The URL that a webhook was registered with at /api/pipeline/webhooks. Signed by Standard Webhooks.',
    messages: listed(webhookNames),
  },
}

/** `send`, as this application sees it: whoever follows or registers receives. */
const operations: JsonObject = {
  publishEvents: {
    action: 'send',
    channel: refTo('channels', 'events'),
    summary: 'What happens is published to JetStream',
    messages: ofChannel('events', eventNames),
  },
  streamEvents: {
    action: 'send',
    channel: refTo('channels', 'eventStream'),
    summary: 'What happens is sent to whoever has opened a stream',
    bindings: { http: { method: 'GET', query: jsonSchemaOf(eventsQuery), bindingVersion } },
    messages: ofChannel('eventStream', eventNames),
  },
  callWebhooks: {
    action: 'send',
    channel: refTo('channels', 'webhooks'),
    summary: 'How a run ended is posted to webhooks; any 2xx is taken for success',
    bindings: { http: { method: 'POST', bindingVersion } },
    messages: ofChannel('webhooks', webhookNames),
  },
}

/** The AsyncAPI 3.0 document of all that is sent without being asked for each time. */
export const asyncApiDocument = ({ version }: { version: string }): object => ({
  asyncapi: '3.0.0',
  info: {
    title: 'Ledgerline',
    version,
    description: 'Events of the ledger as CloudEvents, over NATS and HTTP, and messages to webhooks.',
  },
  defaultContentType: 'application/cloudevents+json',
  servers: {
    nats: server('nats', 4222, 'NATS with JetStream, where the operator has given the service one'),
    http: { ...server('http', 8000, 'This service'), security: [refTo('components', 'securitySchemes', 'bearer')] },
  },
  channels,
  operations,
  components: {
    messages: { ...eventMessages, ...webhookMessages },
    schemas: eventSchemas,
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
  },
})
