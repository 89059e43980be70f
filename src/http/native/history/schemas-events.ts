import { z } from 'zod'
import { eventOutcomes } from '../../../../projections/event-rows.ts'

const text = z.string()
const time = z.iso.datetime()
const position = text.meta({ description: 'An opaque word for a place in the ledger' })

const common = {
  event_id: text,
  recorded_at: time,
  type: text,
  entity: text.meta({ description: 'What the event happened to: run, pipeline, partition, …' }),
  entity_id: text,
  revision: z.int().meta({ description: "Place in the entity's own stream, from 0" }),
  command: text,
  actor: text.meta({ description: 'A pseudonym' }),
  on_behalf_of: text.nullable(),
  pipeline: text.nullable(),
  run: text.nullable(),
  environment: text.nullable(),
  outcome: z.enum(eventOutcomes).nullable(),
  command_id: text,
  correlation_id: text,
  causation_id: text,
  summary: text.meta({ description: 'What happened, in one sentence' }),
}

export const eventsAnswer = z.strictObject({
  events: z.array(z.strictObject({ ...common, position })),
  next: position.meta({ description: 'The cursor to go on with, now or when more has happened' }),
  more: z.boolean().meta({ description: 'Whether there may be more already' }),
  as_of: position.meta({ description: 'Where the ledger stood for this answer' }),
})

export const timelineAnswer = z.strictObject({
  run_id: text,
  as_of: position,
  events: z.array(
    z.strictObject({
      n: z.int().meta({ description: 'From 1, in ledger order' }),
      offset_ms: z.int().meta({ description: 'Since the first event' }),
      caused_by: z.int().nullable().meta({ description: '`n` of the event that led to this one; null: a request did' }),
      depth: z.int().meta({ description: 'How many events lie between a request and this one' }),
      ...common,
    }),
  ),
  more: z.boolean().meta({ description: 'Whether there are more events than are shown' }),
})
