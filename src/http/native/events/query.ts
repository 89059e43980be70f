import { z } from 'zod'
import type { Entity } from '../../../app/cloud-events.ts'
import { Rejection } from '../../../domain/codes.ts'
import type { EventType } from '../../../domain/events.ts'
import { parseRunId, parseSlug, type RunId, type Slug } from '../../../domain/ids.ts'
import { entities, publishedTypes, typesOf } from './published.ts'

const several = <Item extends string>(known: readonly Item[], what: string) =>
  z
    .string()
    .transform((text, context): Item[] => {
      const items: Item[] = []
      for (const word of text.split(',')) {
        const item = known.find((each) => each === word)
        if (item !== undefined) items.push(item)
        else {
          const message = `'${word.slice(0, 64)}' is no ${what}; there are ${known.join(', ')}`
          context.addIssue({ code: 'custom', message })
          return z.NEVER
        }
      }
      return items
    })
    .optional()

const named = <Id extends string>(parse: (text: string) => Id | undefined, what: string) =>
  z
    .string()
    .transform((text, context): Id => {
      const id = parse(text)
      if (id !== undefined) return id
      context.addIssue({ code: 'custom', message: `must be ${what}` })
      return z.NEVER
    })
    .optional()

/** Which events a stream has. */
export const eventsQuery = z.strictObject({
  entity: several(entities, 'entity').meta({ description: `Only of these, by comma: ${entities.join(', ')}` }),
  type: several(publishedTypes, 'type of events').meta({ description: 'Only events of these types, by comma' }),
  pipeline: named<Slug>(parseSlug, 'the name of a pipeline').meta({
    description: 'Only of this pipeline, its partitions, its runs and the alerts about it',
  }),
  run: named<RunId>((text) => parseRunId(text.replace(/^run_/, '')), 'the id of a run').meta({
    description: 'Only of this run; its id, with or without `run_`',
  }),
  after: z
    .string()
    .meta({ description: 'As Last-Event-ID, which wins, for clients that cannot set a header' })
    .optional(),
})
type EventsQuery = z.output<typeof eventsQuery>

/** What a stream is asked for, as far as names tell. */
export interface Wanted {
  entities: readonly Entity[]
  /** Null: all of the entities'. */
  types: ReadonlySet<string> | null
  pipeline: Slug | null
  run: RunId | null
}

/** Who may not see webhooks does not hear of them: their addresses are as good as passwords to some receivers. */
const ofWebhooks: readonly Entity[] = ['webhook', 'delivery']
const ofPipelines: readonly Entity[] = ['pipeline', 'run', 'partition', 'alert']

/** Throws FORBIDDEN for webhooks by name, and VALIDATION_FAILED where no event can ever be all that is asked for. */
export const wantedOf = (query: EventsQuery, mayReadWebhooks: boolean): Wanted => {
  const { entity, type, pipeline = null, run = null } = query
  const ofTypes = type && entities.filter((each) => typesOf(each).some((known) => type.includes(known)))
  const byName = entity ?? ofTypes
  if (!mayReadWebhooks && byName?.some((each) => ofWebhooks.includes(each))) {
    throw new Rejection('FORBIDDEN', 'no policy lets you do this (ReadWebhooks)')
  }
  const limits = [
    byName,
    ofTypes,
    run === null ? undefined : (['run'] as const),
    pipeline === null ? undefined : ofPipelines,
  ]
  const left = entities.filter(
    (each) => (mayReadWebhooks || !ofWebhooks.includes(each)) && limits.every((limit) => limit?.includes(each) ?? true),
  )
  if (left.length === 0) {
    const field = entity ? 'entity' : 'type'
    throw new Rejection('VALIDATION_FAILED', `${field}: no event is all that is asked for`, { field })
  }
  return { entities: left, types: type ? new Set<EventType>(type) : null, pipeline, run }
}
