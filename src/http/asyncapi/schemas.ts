import { z } from 'zod'
import { type CloudEvent, isTold } from '../../app/cloud-events.ts'
import type { EventType } from '../../domain/events.ts'
import type { JsonObject } from '../../domain/json.ts'
import { schemas } from '../../ledger/schemas/index.ts'

const jsonObject = z.record(z.string(), z.json())
const isObject = (value: unknown): value is JsonObject => jsonObject.safeParse(value).success

export const refTo = (...path: readonly string[]): JsonObject => ({ $ref: `#/${path.join('/')}` })

/** Draft 07, which AsyncAPI's schemas extend, of what is sent. What is checked by hand is an object by its kind. */
export const jsonSchemaOf = (schema: z.ZodType): JsonObject => {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'custom') jsonSchema.type = 'object'
    },
  })
  const { $schema: _, ...rest } = jsonObject.parse(JSON.parse(JSON.stringify(made)))
  return rest
}

/** What an event of this type carries; some of it stays in the ledger. */
export const dataSchemaOf = (type: EventType): JsonObject => {
  const { properties, required, ...rest } = jsonSchemaOf(schemas[type])
  const told = Object.entries(isObject(properties) ? properties : {}).filter(([name]) => isTold(name))
  const names = Array.isArray(required) ? required.filter((name) => typeof name === 'string' && isTold(name)) : []
  return { ...rest, properties: Object.fromEntries(told), required: names }
}

const text = (description: string) => z.string().meta({ description })

/** The envelope that all events share. */
export const cloudEvent = z.looseObject({
  specversion: z.literal('1.0'),
  id: text('With `source`, unique for ever: whoever gets an event twice knows it by them'),
  source: text('`/ledgerline/<tenant>`'),
  type: text('`ledgerline.<entity>.<EventType>`'),
  subject: text("The entity: a run's id, a pipeline's, …"),
  time: z.iso.datetime().meta({ description: 'When the ledger recorded it' }),
  datacontenttype: z.literal('application/json'),
  dataschema: text('`urn:ledgerline:schema:<EventType>:<version>`'),
  tenant: z.string(),
  revision: z.string().regex(/^\d+$/).meta({ description: "Place among the entity's events, from 0, without a gap" }),
  actor: text('Who caused it: a pseudonym, or a component by its name'),
  command: text('The command that it comes of'),
  correlationid: z.string(),
  causationid: z.string(),
  traceparent: z.string().exactOptional(),
  data: z.looseObject({}).optional().meta({
    description: 'Left out over NATS where the event is larger than the server takes',
  }),
}) satisfies z.ZodType<Omit<CloudEvent, 'data'>>
