import { z } from 'zod'
import type { FoundLine, LogPlace } from '../../../../app/run-log-pages.ts'
import { parseRunId } from '../../../../domain/ids.ts'
import { logLevels } from '../../../../domain/run-log/events.ts'
import { instant } from '../../../native/history/schemas.ts'
import { wholeNumber } from '../../../validate.ts'
import { environment } from '../manifests/schemas.ts'

const text = z.string()
const time = z.iso.datetime()
const word = (charsMax: number) =>
  z.string().min(1, 'must not be empty').max(charsMax, `must have at most ${charsMax} characters`)
const oneOf = <Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `must be one of ${words.join(', ')}` })

/** `REVISION.LINE`: it tells nothing that the log does not. */
const placeOf = (given: string): LogPlace | undefined => {
  const [, revision, line] = /^(\d{1,18})\.(\d{1,16})$/.exec(given) ?? []
  return revision === undefined || line === undefined ? undefined : { revision: BigInt(revision), line: Number(line) }
}

export const textOfPlace = ({ revision, line }: LogPlace): string => `${revision}.${line}`

/** Undefined for what is no cursor. */
export const parsePlace = placeOf

const place = z
  .string()
  .transform((given, context): LogPlace => {
    const found = placeOf(given)
    if (found !== undefined) return found
    context.addIssue({ code: 'custom', message: 'must be `next` of the page before' })
    return z.NEVER
  })
  .meta({ description: '`next` of the page before' })

const runCursor = z.strictObject({ at: time, run: z.string().min(1).max(128), place: z.string() })

/** Where a search over runs goes on: at a run, and in its log. */
export interface RunsPlace {
  requestedAt: string
  runId: string
  place: LogPlace | null
}

export const textOfRunsPlace = ({ requestedAt, runId, place: at }: RunsPlace): string => {
  const cursor = { at: requestedAt, run: runId, place: at === null ? '' : textOfPlace(at) }
  return Buffer.from(JSON.stringify(cursor)).toString('base64url')
}

const runsPlaceOf = (given: string): RunsPlace | undefined => {
  try {
    const { at, run, place: within } = runCursor.parse(JSON.parse(Buffer.from(given, 'base64url').toString('utf8')))
    const found = within === '' ? null : placeOf(within)
    return found === undefined ? undefined : { requestedAt: at, runId: run, place: found }
  } catch {
    return undefined
  }
}

const runsPlace = z
  .string()
  .max(400, 'must be `next` of the page before')
  .transform((given, context): RunsPlace => {
    const found = runsPlaceOf(given)
    if (found !== undefined) return found
    context.addIssue({ code: 'custom', message: 'must be `next` of the page before' })
    return z.NEVER
  })
  .meta({ description: '`next` of the page before' })

const filters = {
  stage: word(200).optional(),
  level: oneOf(logLevels).meta({ description: 'At least as serious as this' }).optional(),
  error_type: word(64).meta({ description: 'Of errors of this type, like QUALITY_CHECK_FAILED' }).optional(),
  text: word(200).meta({ description: 'Part of the message, in any case' }).optional(),
}

const pageLinesMax = 1_000
export const pageLines = 100
const limit = wholeNumber(1, pageLinesMax)
  .meta({ description: `Lines in a page (${pageLines}, at most ${pageLinesMax})` })
  .optional()

export const runLogQuery = z.strictObject({
  ...filters,
  attempt: wholeNumber(1, 999_999_999).optional(),
  limit,
  cursor: place.optional(),
  order: oneOf(['asc', 'desc']).meta({ description: 'Oldest first (asc), unless it is said otherwise' }).optional(),
  follow: oneOf(['true', 'false'])
    .meta({ description: 'The lines as Server-Sent Events, those to come too, until the run has ended' })
    .default('false'),
})
export type RunLogQuery = z.output<typeof runLogQuery>

export const logsQuery = z.strictObject({
  pipeline: word(100).optional(),
  environment: environment.optional(),
  run_id: z
    .string()
    .transform((given, context) => {
      const id = parseRunId(given.replace(/^run_/, ''))
      if (id !== undefined) return id
      context.addIssue({ code: 'custom', message: 'must be 1 to 128 letters, digits, _ . -' })
      return z.NEVER
    })
    .optional(),
  ...filters,
  from: instant.meta({ description: 'Lines from then on' }).optional(),
  to: instant.meta({ description: 'Lines before then' }).optional(),
  limit,
  cursor: runsPlace.optional(),
})

const line = z.strictObject({
  at: time,
  level: z.enum(logLevels),
  attempt: z.int(),
  stage: text.nullable(),
  error_type: text.nullable(),
  message: text,
  fields: z.record(text, z.union([text, z.number(), z.boolean(), z.null()])),
})

const kept = {
  /** Where the next page begins; null where there is none. */
  next: text.nullable(),
  /** Whether the search was ended by its own bounds before the page was full: there may be more at `next`. */
  stopped_early: z.boolean(),
  kept_days: z.int(),
  /** Lines from before then are gone. */
  kept_since: time,
}

export const runLogPage = z.strictObject({ run_id: text, lines: z.array(line), ...kept })

export const logsPage = z.strictObject({
  lines: z.array(line.extend({ run_id: text, pipeline: text, environment: text })),
  ...kept,
})

export const shownLine = ({ at, level, attempt, stage, code, message, fields }: FoundLine): z.input<typeof line> => ({
  at,
  level,
  attempt,
  stage,
  error_type: code,
  message,
  fields: { ...fields },
})
