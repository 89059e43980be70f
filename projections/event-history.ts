import { firstEnvironment } from '../src/domain/pipeline/environments.ts'
import { sentences, type ToldType } from './event-summaries.ts'
import type { Seen, Statement, View } from './projection.ts'

export const eventsTable = 'event_history_v2'
export const streamsTable = 'event_streams_v2'

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

/** What filters go by. */
export type FilterColumn =
  | 'type'
  | 'command'
  | 'actor'
  | 'on_behalf_of'
  | 'pipeline'
  | 'run'
  | 'environment'
  | 'outcome'

/** Each index is paid for with every event: a command is nearly told by its types, an outcome wholly. */
const indexed: readonly FilterColumn[] = ['type', 'actor', 'on_behalf_of', 'pipeline', 'run', 'environment']

export const isIndexed = (column: FilterColumn): boolean => indexed.includes(column)
export const indexOf = (column: FilterColumn | 'tenant'): string => `${eventsTable}_${column}`

/** Which types can have an outcome. */
export const typesByOutcome: Readonly<Record<EventOutcome, readonly ToldType[]>> = {
  succeeded: ['RunSucceeded', 'StageCompleted', 'DeliveryAttempted'],
  failed: ['RunFailed', 'StageFailed', 'DeliveryAttempted', 'DeliveryExhausted', 'IntegrityAlertRaised'],
  canceled: ['RunCanceled', 'BackfillCanceled'],
  rejected: ['RunRejected', 'ApprovalRejected', 'PromotionRefused', 'BackfillRefused'],
}

const insert = `insert or replace into ${eventsTable} (position, tenant, id, stream, revision, type, command, actor,
  on_behalf_of, pipeline, run, environment, outcome, recorded_ms, known_ms, command_id, causation_id, correlation_id, summary)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?,
    (select pipeline from ${streamsTable} where stream = ?), coalesce(?, (select run from ${streamsTable} where stream = ?)),
    (select environment from ${streamsTable} where stream = ?), ?, ?, max(?, coalesce((select known_ms from ${eventsTable} order by position desc limit 1), 0)), ?, ?, ?, ?)`

const rowOf = (
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
    ...[Number(position), tenant, id, stream, Number(revision), type, command, pseudonym, onBehalfOf, of, run, of, of],
    ...[outcome, recordedMs, recordedMs, commandId, causationId, correlationId, summary],
  ]
}

/** Of which pipeline and run the events of a stream are, where they do not say it themselves. */
const belongs = (stream: string, pipeline: string, run: string | null, environment: string | null): Statement => [
  `insert or replace into ${streamsTable} (stream, pipeline, run, environment) values (?, ?, ?, ?)`,
  stream,
  pipeline,
  run,
  environment,
]

const inherits = (stream: string, from: string): Statement => [
  `insert or replace into ${streamsTable} (stream, pipeline, run, environment)
    select ?, pipeline, run, environment from ${streamsTable} where stream = ?`,
  stream,
  from,
]

const told = (seen: Seen): Statement[] => [rowOf(seen, {})]
const ended =
  (outcome: EventOutcome) =>
  (seen: Seen): Statement[] => [rowOf(seen, { outcome })]

/** A partition's stream is `partition-<tenant>.<pipeline id>.<key>`. */
const ofPartition = (seen: Seen<'PartitionClaimed' | 'PartitionReleased'>): Statement[] => {
  const pipelineId = seen.stream.split('.')[1] ?? ''
  const of = `pipeline-${seen.metadata.tenant}.${pipelineId}`
  return [rowOf(seen, { of, run: seen.event.data.runId })]
}

const scheduled = (seen: Seen<'DeliveryScheduled'>): Statement[] => {
  const { runId } = seen.event.data
  const inherit = inherits(seen.stream, `run-${seen.metadata.tenant}.${runId}`)
  return runId === null ? told(seen) : [inherit, rowOf(seen, { run: runId })]
}

const asked = (seen: Seen<'ApprovalRequested'>): Statement[] => {
  const { kind, id } = seen.event.data.target
  return [inherits(seen.stream, `${kind}-${seen.metadata.tenant}.${id}`), rowOf(seen, {})]
}

const handlers: { [Type in ToldType]: (seen: Seen<Type>) => Statement[] } = {
  PipelineCreated: (seen) => [belongs(seen.stream, seen.event.data.slug, null, null), ...told(seen)],
  ManifestVersioned: told,
  PipelineDeleted: told,
  OverrideApplied: told,
  OverrideRemoved: told,
  PromotionRequested: told,
  PromotionRefused: ended('rejected'),
  PipelinePromoted: told,
  PartitionClaimed: ofPartition,
  PartitionReleased: ofPartition,
  LogKeyAdded: told,
  IntegrityAlertRaised: ended('failed'),
  BackfillRequested: (seen) => {
    const { pipeline, environment } = seen.event.data
    return [belongs(seen.stream, pipeline, null, environment), rowOf(seen, {})]
  },
  BackfillStarted: told,
  BackfillRefused: ended('rejected'),
  BackfillPaused: told,
  BackfillResumed: told,
  BackfillCanceled: ended('canceled'),
  BackfillCompleted: told,
  ApprovalRequested: asked,
  ApprovalGranted: told,
  ApprovalRejected: ended('rejected'),
  ApprovalOverridden: told,
  ApprovalExpired: told,
  ApprovalConsumed: told,
  DelegationGranted: told,
  DelegationRevoked: told,
  ContractRegistered: told,
  SubjectRegistered: told,
  SubjectErased: told,
  LegalHoldPlaced: told,
  LegalHoldReleased: told,
  WebhookRegistered: told,
  WebhookUpdated: told,
  WebhookSecretRotated: told,
  WebhookDisabled: told,
  WebhookEnabled: told,
  WebhookDeleted: told,
  WebhookResendRequested: told,
  DeliveryScheduled: scheduled,
  DeliveryAttempted: (seen) => [
    rowOf(seen, { outcome: seen.event.data.outcome === 'delivered' ? 'succeeded' : 'failed' }),
  ],
  DeliveryExhausted: ended('failed'),
  DeliveryResent: told,
  RunRequested: (seen) => [
    belongs(
      seen.stream,
      seen.event.data.pipeline,
      seen.event.data.runId,
      seen.event.data.environment ?? firstEnvironment,
    ),
    rowOf(seen, { run: seen.event.data.runId }),
  ],
  RunQueued: told,
  RunRejected: ended('rejected'),
  RunStarted: told,
  StageStarted: told,
  StageCompleted: ended('succeeded'),
  StageFailed: ended('failed'),
  RunRetryScheduled: told,
  LineageRecorded: told,
  OutputsCommitted: told,
  RunCostRecorded: told,
  RunSucceeded: ended('succeeded'),
  RunFailed: ended('failed'),
  RunPaused: told,
  RunResumed: told,
  RunCancelRequested: told,
  RunCanceled: ended('canceled'),
  DriftDetected: told,
  ReplayReconciled: told,
}

/** Every type that the history tells of. */
export const toldTypes = Object.keys(handlers) as ToldType[]

const indexes = indexed.map((column) => {
  const where = ['type', 'actor'].includes(column) ? '' : ` where ${column} is not null`
  return `create index if not exists ${indexOf(column)} on ${eventsTable} (tenant, ${column})${where}`
})

/** Every event, by whatever an auditor asks for. The table is in ledger order; each index goes on in it. */
export const eventHistory: View = {
  name: 'event-history',
  version: 2,
  tables: [eventsTable, streamsTable],
  schema: [
    `create table if not exists ${eventsTable} (
      position integer primary key, tenant text, id text, stream text, revision integer, type text, command text,
      actor text, on_behalf_of text, pipeline text, run text, environment text, outcome text, recorded_ms integer,
      known_ms integer, command_id text, causation_id text, correlation_id text, summary text)`,
    `create index if not exists ${indexOf('tenant')} on ${eventsTable} (tenant)`,
    ...indexes,
    `create table if not exists ${streamsTable} (
      stream text primary key, pipeline text, run text, environment text) without rowid`,
  ],
  handlers,
}
