import { firstEnvironment } from '../src/domain/pipeline/environments.ts'
import { belongs, type EventOutcome, eventsTable, inherits, rowOf, streamsTable } from './event-rows.ts'
import type { ToldType } from './event-summaries.ts'
import type { Seen, Statement, View } from './projection.ts'

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

/** Each index is paid for with every event: a command is nearly told by its types, an outcome wholly, and an environment is one of three. */
const indexed: readonly FilterColumn[] = ['type', 'actor', 'on_behalf_of', 'pipeline', 'run']

export const isIndexed = (column: FilterColumn): boolean => indexed.includes(column)
export const indexOf = (column: FilterColumn | 'tenant'): string => `${eventsTable}_${column}`

/** Which types can have an outcome. */
export const typesByOutcome: Readonly<Record<EventOutcome, readonly ToldType[]>> = {
  succeeded: ['RunSucceeded', 'StageCompleted', 'DeliveryAttempted'],
  failed: [
    'RunFailed',
    'StageFailed',
    'DeliveryAttempted',
    'DeliveryExhausted',
    'IntegrityAlertRaised',
    'SloAlertRaised',
  ],
  canceled: ['RunCanceled', 'BackfillCanceled', 'ApprovalWithdrawn'],
  rejected: ['RunRejected', 'ApprovalRejected', 'PromotionRefused', 'BackfillRefused', 'ContractChangeRefused'],
}

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

const deadLetter = (seen: Seen<'DeadLetterRecorded'>): Statement[] => {
  const { pipeline, runId, environment } = seen.event.data
  const own = pipeline === null ? [] : [belongs(seen.stream, pipeline, runId, environment)]
  return [...own, rowOf(seen, {})]
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
  SloAlertRaised: (seen) => {
    const { pipeline, environment } = seen.event.data
    return [belongs(seen.stream, pipeline, null, environment), rowOf(seen, { outcome: 'failed' })]
  },
  SloAlertEscalated: told,
  SloAlertResolved: told,
  BreakGlassAlertRaised: (seen) => {
    const approval = `approval-${seen.metadata.tenant}.${seen.event.data.approvalId}`
    return [inherits(seen.stream, approval), rowOf(seen, {})]
  },
  AlertAcknowledged: told,
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
  ApprovalWithdrawn: ended('canceled'),
  ApprovalConsumed: told,
  DelegationGranted: told,
  DelegationRevoked: told,
  ContractChangeRequested: told,
  ContractChangeRefused: ended('rejected'),
  ContractRegistered: told,
  DeadLetterRecorded: deadLetter,
  DeadLetterAssigned: told,
  DeadLetterRetried: told,
  DeadLetterReopened: told,
  DeadLetterResolved: told,
  DeadLetterDiscarded: told,
  DeadLettersChosen: told,
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
  version: 3,
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
