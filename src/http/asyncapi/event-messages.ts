import { z } from 'zod'
import type { Entity } from '../../app/cloud-events.ts'
import type { EventType } from '../../domain/events.ts'
import type { JsonObject } from '../../domain/json.ts'
import { entities, typesOf } from '../native/events/published.ts'
import { cloudEvent, dataSchemaOf, jsonSchemaOf, refTo } from './schemas.ts'

const headers = z.object({
  'Nats-Msg-Id': z.string().meta({ description: "The event's id, with a suffix when it was published again" }),
  'Ledger-Position': z.string().regex(/^\d+$/).meta({ description: "The event's position in the ledger" }),
})

/** The words of a name of ours: `RunCancelRequested` is `run cancel requested`. */
const wordsOf = (type: string): string => type.replace(/(?!^)([A-Z])/g, ' $1').toLowerCase()

const messageOf = (entity: Entity, type: EventType): JsonObject => ({
  name: type,
  title: wordsOf(type),
  contentType: 'application/cloudevents+json',
  headers: refTo('components', 'schemas', 'NatsHeaders'),
  payload: {
    allOf: [
      refTo('components', 'schemas', 'CloudEvent'),
      {
        type: 'object',
        properties: {
          type: { const: `ledgerline.${entity}.${type}` },
          data: refTo('components', 'schemas', type),
        },
      },
    ],
  },
})

const all = entities.flatMap((entity) => typesOf(entity).map((type) => ({ entity, type })))

/** One message for each type of events that the outside is told of. */
export const eventMessages: Readonly<Record<string, JsonObject>> = Object.fromEntries(
  all.map(({ entity, type }) => [type, messageOf(entity, type)]),
)

export const eventSchemas: Readonly<Record<string, JsonObject>> = {
  CloudEvent: jsonSchemaOf(cloudEvent),
  NatsHeaders: {
    ...jsonSchemaOf(headers),
    description: 'Over NATS only; over HTTP the position is the `id` of the message',
  },
  ...Object.fromEntries(all.map(({ type }) => [type, dataSchemaOf(type)])),
}
