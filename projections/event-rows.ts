import { sentences, type ToldType } from './event-summaries.ts'
import type { Seen, Statement } from './projection.ts'

export const eventsTable = 'event_history_v3'
export const streamsTable = 'event_streams_v3'

export const eventOutcomes = ['succeeded', 'failed', 'canceled', 'rejected'] as const
export type EventOutcome = (typeof eventOutcomes)[number]

/** One event of a tenant, without its data. Times are in ms since 1970. */
export interface EventRow {
  position: number
  tenant: string
  id: string
  stream: string
  revision: number
  type: string
  command: string
  actor: string
  on_behalf_of: string | null
  pipeline: string | null
  run: string | null
  /** Of a run, and of what belongs to one. */
  environment: string | null
  outcome: EventOutcome | null
  recorded_ms: number
  /** As `recorded_ms`, but never earlier than that of an event before: what periods and as_of go by. */
  known_ms: number
  command_id: string
  causation_id: string
  correlation_id: string
  summary: string
}

/** Numbered, for a value that stands twice is bound once; `?10` is the stream that tells of which pipeline and run. */
const insert = `insert or replace into ${eventsTable} (position, tenant, id, stream, revision, type, command, actor,
  on_behalf_of, pipeline, run, environment, outcome, recorded_ms, known_ms, command_id, causation_id, correlation_id, summary)
  values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, (select pipeline from ${streamsTable} where stream = ?10),
    coalesce(?11, (select run from ${streamsTable} where stream = ?10)),
    (select environment from ${streamsTable} where stream = ?10), ?12, ?13,
    max(?13, coalesce((select known_ms from ${eventsTable} order by position desc limit 1), 0)), ?14, ?15, ?16, ?17)`

export const rowOf = (
  seen: Seen,
  { of = seen.stream, run = null, outcome = null }: { of?: string; run?: string | null; outcome?: EventOutcome | null },
): Statement => {
  const { position, id, stream, revision, type, metadata, recordedAt, event } = seen
  const { tenant, command, actor, commandId, causationId, correlationId } = metadata
  const { pseudonym, onBehalfOf = null } = actor
  const recordedMs = Date.parse(recordedAt)
  // The table of sentences pairs each type with its data; TypeScript cannot follow the pairing through the union.
  const sentence = sentences[type as ToldType] as (data: unknown, actor: string) => string
  const summary = sentence(event.data, pseudonym)
  return [
    insert,
    ...[Number(position), tenant, id, stream, Number(revision), type, command, pseudonym, onBehalfOf, of, run],
    ...[outcome, recordedMs, commandId, causationId, correlationId, summary],
  ]
}

/** Of which pipeline and run the events of a stream are, where they do not say it themselves. */
export const belongs = (
  stream: string,
  pipeline: string,
  run: string | null,
  environment: string | null,
): Statement => [
  `insert or replace into ${streamsTable} (stream, pipeline, run, environment) values (?, ?, ?, ?)`,
  stream,
  pipeline,
  run,
  environment,
]

export const inherits = (stream: string, from: string): Statement => [
  `insert or replace into ${streamsTable} (stream, pipeline, run, environment)
    select ?, pipeline, run, environment from ${streamsTable} where stream = ?`,
  stream,
  from,
]
