import type { Context } from 'hono'
import { z } from 'zod'
import { type FilterColumn, toldTypes, typesByOutcome } from '../../../../projections/event-history.ts'
import type { Condition, EventFilter } from '../../../../projections/event-queries.ts'
import { eventOutcomes } from '../../../../projections/event-rows.ts'
import type { Action } from '../../../auth/actions.ts'
import { Rejection } from '../../../domain/codes.ts'
import { parseSlug } from '../../../domain/ids.ts'
import type { Env } from '../../context.ts'
import { mayDo } from '../../permission.ts'
import type { Services } from '../../services.ts'
import { wholeNumber } from '../../validate.ts'
import type { Opener } from './personal.ts'
import { runIdOf } from './run.ts'
import { instant, isPeriod, noSuchType } from './schemas.ts'

const exportFormats = ['csv', 'ndjson', 'ocsf'] as const
export type ExportFormat = (typeof exportFormats)[number]
const formats = ['json', ...exportFormats] as const
const pageRowsMax = 1_000
const pageRows = 100
const exportRowsMax = 100_000

const word = (charsMax: number) =>
  z.string().min(1, 'must not be empty').max(charsMax, `must have at most ${charsMax} characters`)
const oneOf = <Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` })

const types = z
  .string()
  .transform((text, context) => {
    const asked = new Set(text.split(','))
    const known = toldTypes.filter((type) => asked.delete(type))
    for (const type of asked) {
      context.addIssue({ code: 'custom', message: noSuchType(type, 'events', toldTypes) })
    }
    return known
  })
  .meta({ description: 'Only events of these types, by comma' })

export const asOf = z
  .string()
  .min(1, 'must not be empty')
  .meta({ description: 'As the ledger stood then: a time or date, or a Ledger-Position' })

export const eventsQuery = z
  .strictObject({
    actor: word(256).meta({ description: 'Who did it, or on whose behalf: a pseudonym' }).optional(),
    command: word(64).meta({ description: 'Name of the command' }).optional(),
    type: types.optional(),
    pipeline: z
      .string()
      .refine((text) => parseSlug(text) !== undefined, 'must be the name of a pipeline')
      .meta({ description: 'Of this pipeline, its partitions, its runs and the messages about them' })
      .optional(),
    run: word(160).meta({ description: 'Of this run, its claims and the messages about it' }).optional(),
    environment: word(64).meta({ description: 'Of runs, and of what is in force there' }).optional(),
    outcome: oneOf(eventOutcomes).optional(),
    from: instant.meta({ description: 'Recorded then or later' }).optional(),
    to: instant.meta({ description: 'Recorded before' }).optional(),
    text: word(200).meta({ description: 'Part of the sentence that tells of the event' }).optional(),
    as_of: asOf.optional(),
    cursor: z.string().meta({ description: '`next` of the page before' }).optional(),
    limit: wholeNumber(
      1,
      exportRowsMax,
      `must be a whole number from 1 to ${pageRowsMax}, of an export to ${exportRowsMax}`,
    )
      .meta({ description: `Events in a page (${pageRows}, at most ${pageRowsMax}) or export (${exportRowsMax})` })
      .optional(),
    format: oneOf(formats).meta({ description: 'Wins over Accept' }).optional(),
  })
  .superRefine(isPeriod)
export type EventsQuery = z.output<typeof eventsQuery>

const byType: Readonly<Record<string, (typeof formats)[number]>> = {
  'application/json': 'json',
  'text/csv': 'csv',
  'application/x-ndjson': 'ndjson',
}

/** What is asked for by `format`, or by the first known type in Accept. */
export const formatOf = (c: Context<Env>, { format }: EventsQuery): (typeof formats)[number] => {
  if (format !== undefined) return format
  const accepted = (c.req.header('accept') ?? '').split(',').map((part) => part.split(';')[0]?.trim().toLowerCase())
  const found = accepted.find((type) => type !== undefined && Object.hasOwn(byType, type))
  return byType[found ?? ''] ?? 'json'
}

/** Throws VALIDATION_FAILED for a page that is too long. */
export const limitOf = ({ limit }: EventsQuery, isExport: boolean): number => {
  if (isExport) return limit ?? exportRowsMax
  if (limit !== undefined && limit > pageRowsMax) {
    const message = `limit: must be a whole number from 1 to ${pageRowsMax}; exports may have ${exportRowsMax}`
    throw new Rejection('VALIDATION_FAILED', message, { field: 'limit' })
  }
  return limit ?? pageRows
}

/** What history tells only to those who may read the thing itself, as elsewhere. */
const guarded: readonly (readonly [type: RegExp, action: Action])[] = [
  [/^(Webhook|Delivery)/, 'ReadWebhooks'],
  [/^(Subject|LegalHold)/, 'ReadSubjects'],
]

/** Types that the caller hears nothing of, and the action that it would take, by type. */
export const hiddenFrom = (c: Context<Env>, services: Services): ReadonlyMap<string, Action> =>
  new Map(
    guarded
      .filter(([, action]) => !mayDo(c, services, action).allowed)
      .flatMap(([pattern, action]) => toldTypes.filter((type) => pattern.test(type)).map((type) => [type, action])),
  )

const anyOf = (column: FilterColumn, values: readonly string[] | string | undefined): Condition =>
  [...new Set(typeof values === 'string' ? [values] : values)].map((value) => ({ column, value }))

/** Throws FORBIDDEN for what is hidden, asked for by name. */
export const filterOf = async (
  query: EventsQuery,
  hidden: ReadonlyMap<string, Action>,
  opener: Opener,
): Promise<EventFilter> => {
  const { actor, command, type, pipeline, run, environment, outcome, text } = query
  const refused = type?.map((each) => hidden.get(each)).find((action) => action !== undefined)
  if (refused !== undefined) throw new Rejection('FORBIDDEN', `no policy lets you do this (${refused})`)
  const actors = actor === undefined ? [] : await opener.pseudonymsOf(actor)
  const conditions = [
    anyOf('type', type),
    [...anyOf('actor', actors), ...anyOf('on_behalf_of', actors)],
    anyOf('command', command),
    anyOf('pipeline', pipeline),
    // A prefix may also be how a run's own id begins.
    anyOf('run', run && [run, runIdOf(run)]),
    anyOf('environment', environment),
    anyOf('outcome', outcome),
    anyOf('type', outcome && typesByOutcome[outcome]),
  ]
  return {
    conditions: conditions.filter(({ length }) => length > 0),
    hiddenTypes: [...hidden.keys()],
    ...(text === undefined ? {} : { text }),
  }
}
