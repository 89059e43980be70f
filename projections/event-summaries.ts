import type { EventOf, EventType } from '../src/domain/events.ts'

/**
 * What stays out of the history: who read what is in the access records, what runs say is in their logs, and the rest is
 * the ledger's own upkeep.
 */
type Upkeep =
  | 'ApiCallsRecorded'
  | 'RunLogged'
  | 'LeaseTaken'
  | 'CheckpointSigned'
  | 'CheckpointCosigned'
  | 'LedgerNamed'
export type ToldType = Exclude<EventType, Upkeep>

const partCharsMax = 120

/** Texts of others are cut, never within a character. */
const short = (text: string): string => {
  if (text.length <= partCharsMax) return text
  const cut = text.slice(0, partCharsMax)
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`
const atStage = (stage: string | null): string =>
  stage === null ? 'before its first stage' : `in stage ${short(stage)}`

const scopeName = (scope: string): string => (scope === 'tenant' ? 'all environments' : scope)

const words = (name: string): string => name.replaceAll('_', ' ')

const voice = (by: string, onBehalfOf: string | null): string =>
  onBehalfOf === null ? by : `${by}, for ${onBehalfOf},`

type Sentences = {
  [Type in ToldType]: (data: EventOf<Type>['data'], actor: string) => string
}

/**
 * What an event says, in one sentence. Never in it: sealed values, addresses of webhooks and what they answer, what a
 * run was given as parameters, and anything else that may name a person.
 */
export const sentences: Sentences = {
  PipelineCreated: ({ slug, version }, actor) => `${actor} created pipeline ${slug} with version ${short(version)}.`,
  ManifestVersioned: ({ slug, version, number }, actor) =>
    `${actor} gave pipeline ${slug} its manifest no. ${number}, version ${short(version)}.`,
  PipelineDeleted: ({ slug }, actor) => `${actor} deleted pipeline ${slug}.`,
  OverrideApplied: ({ slug, number, scope }, actor) =>
    `${actor} put override no. ${number} on pipeline ${slug}, for ${scopeName(scope)}.`,
  OverrideRemoved: ({ slug, number, scope }, actor) =>
    `${actor} took override no. ${number} off pipeline ${slug}, for ${scopeName(scope)}.`,
  PromotionRequested: ({ slug, number, from, to }, actor) =>
    `${actor} asked for version no. ${number} of pipeline ${slug} to go from ${from} to ${to}.`,
  PromotionRefused: ({ slug, number, to }) => `Version no. ${number} of pipeline ${slug} did not go to ${to}.`,
  PipelinePromoted: ({ slug, number, from, to, provedBy }, actor) =>
    `${actor} promoted version no. ${number} of pipeline ${slug} from ${from} to ${to}; run ${provedBy} had succeeded with it.`,
  PartitionClaimed: ({ runId, holders }) =>
    `The partition was claimed for run ${runId}; ${counted(holders.length, 'run')} may write it now.`,
  PartitionReleased: ({ runId, holders }) =>
    `The partition was released by run ${runId}; ${counted(holders.length, 'run')} may write it now.`,
  LogKeyAdded: ({ id }, actor) => `${actor} added key ${id}, which signs the logs of evidence from now on.`,
  IntegrityAlertRaised: ({ log, from, to }) =>
    `The ledger differs from what was sealed in the log of ${log}: ${from === to ? `at leaf ${from}` : `from one of the leaves ${from} to ${to} on`}.`,
  SloAlertRaised: ({ pipeline, environment, objective, severity, detail }) =>
    `Alert: the ${words(objective)} of pipeline ${pipeline} in ${environment} is ${severity}: ${short(detail)}.`,
  SloAlertEscalated: ({ pipeline, environment, objective, severity, detail }) =>
    `Alert: the ${words(objective)} of pipeline ${pipeline} in ${environment} is ${severity} now: ${short(detail)}.`,
  SloAlertResolved: ({ pipeline, environment, objective, detail }) =>
    `Over: the alert about the ${words(objective)} of pipeline ${pipeline} in ${environment}: ${short(detail)}.`,
  BreakGlassAlertRaised: ({ by, command, target }) =>
    `Alert: ${by} broke the glass for ${short(command)} of ${target.kind} ${short(target.id)}.`,
  AlertAcknowledged: (_, actor) => `${actor} has seen to the alert.`,
  BackfillRequested: ({ pipeline, environment, partitions, skipped }, actor) =>
    `${actor} asked for ${counted(partitions.length, 'partition')} of pipeline ${pipeline} in ${environment}; ${counted(skipped.length, 'partition')} had succeeded already.`,
  BackfillStarted: () => 'The backfill began.',
  BackfillRefused: () => 'The backfill was refused.',
  BackfillPaused: (_, actor) => `${actor} paused the backfill.`,
  BackfillResumed: (_, actor) => `${actor} resumed the backfill.`,
  BackfillCanceled: (_, actor) => `${actor} canceled the backfill.`,
  BackfillCompleted: ({ outcomes }) =>
    `The backfill ended: ${
      Object.entries(outcomes)
        .filter(([, count]) => count > 0)
        .map(([outcome, count]) => `${count} ${outcome}`)
        .join(', ') || 'nothing ran'
    }.`,
  ApprovalRequested: ({ target, required, expiresAt }, actor) =>
    `${actor} asked for approval of ${target.kind} ${short(target.id)} by ${required
      .map(({ role, count }) => counted(count, role))
      .join(' and ')}, until ${expiresAt}.`,
  ApprovalGranted: ({ by, onBehalfOf, role }) => `${voice(by, onBehalfOf)} approved it as ${role}.`,
  ApprovalRejected: ({ by, onBehalfOf, role }) => `${voice(by, onBehalfOf)} rejected it as ${role}.`,
  ApprovalOverridden: ({ by, role }) => `${by} broke the glass as ${role}: it goes on without the others.`,
  ApprovalExpired: () => 'The approval expired: nobody decided in time.',
  ApprovalWithdrawn: ({ reason }) => `The approval was withdrawn: ${reason}.`,
  ApprovalConsumed: () => 'The approval was used up: what it is for goes on.',
  DelegationGranted: ({ from, to, roles, until }) =>
    `${from} let ${to} decide approvals as ${roles.join(', ')}, until ${until}.`,
  DelegationRevoked: ({ delegationId, from }) => `${from} took delegation ${short(delegationId)} back.`,
  DeadLetterRecorded: ({ entryId, source, count, code, stage }) =>
    source === 'rows'
      ? `Entry ${entryId} joined the dead letters: ${counted(count, 'row')} that check ${short(code)} turned away.`
      : `Entry ${entryId} joined the dead letters: a ${source === 'run' ? `run that failed ${atStage(stage)}, ${short(code)}` : 'message that nobody took'}.`,
  DeadLetterAssigned: ({ entryId, assignee }, actor) =>
    assignee === null ? `${actor} gave entry ${entryId} to nobody.` : `${actor} gave entry ${entryId} to ${assignee}.`,
  DeadLetterRetried: ({ entryId, by }, actor) => `${actor} had entry ${entryId} tried again, as ${by}.`,
  DeadLetterReopened: ({ entryId, by }) => `Entry ${entryId} is open again: ${by} came to nothing.`,
  DeadLetterResolved: ({ entryId, by }) => `Entry ${entryId} was resolved by ${by}.`,
  DeadLetterDiscarded: ({ entryId }, actor) => `${actor} discarded entry ${entryId}.`,
  DeadLettersChosen: ({ decision, entryIds, remaining }, actor) =>
    `${actor} decided to ${decision} ${entryIds.length === 1 ? '1 entry' : `${entryIds.length} entries`} of the dead letters, with ${remaining} left.`,
  ContractChangeRequested: ({ name, version }, actor) =>
    `${actor} asked for contract ${name} to get version ${short(version)}.`,
  ContractChangeRefused: ({ name, version }) => `Contract ${name} did not get version ${short(version)}.`,
  ContractRegistered: ({ name, number, version }, actor) =>
    `${actor} gave contract ${name} its version no. ${number}, ${short(version)}.`,
  SubjectRegistered: ({ pseudonym }) => `It was sealed for whom ${short(pseudonym)} stands.`,
  SubjectErased: ({ pseudonym }, actor) => `${actor} erased whom ${short(pseudonym)} stands for.`,
  LegalHoldPlaced: ({ pseudonym, holdId }, actor) =>
    `${actor} placed legal hold ${short(holdId)} on ${short(pseudonym)}, who cannot be erased now.`,
  LegalHoldReleased: ({ pseudonym, holdId }, actor) =>
    `${actor} released legal hold ${short(holdId)} on ${short(pseudonym)}.`,
  WebhookRegistered: ({ webhookId, events }, actor) =>
    `${actor} set up webhook ${short(webhookId)} for ${events.join(', ')}.`,
  WebhookUpdated: ({ webhookId, events }, actor) =>
    `${actor} changed webhook ${short(webhookId)}, which is now for ${events.join(', ')}.`,
  WebhookSecretRotated: ({ webhookId, oldUntil }, actor) =>
    `${actor} gave webhook ${short(webhookId)} a new secret; the old one holds until ${oldUntil}.`,
  WebhookDisabled: ({ webhookId }, actor) => `${actor} switched webhook ${short(webhookId)} off.`,
  WebhookEnabled: ({ webhookId }, actor) => `${actor} switched webhook ${short(webhookId)} on.`,
  WebhookDeleted: ({ webhookId }, actor) => `${actor} deleted webhook ${short(webhookId)}.`,
  WebhookResendRequested: ({ webhookId, messages }, actor) =>
    `${actor} had ${counted(messages, 'message')} of webhook ${short(webhookId)} sent again.`,
  DeliveryScheduled: ({ webhookId, runId }) =>
    `A message ${runId === null ? 'to try it out' : `about run ${runId}`} was due to webhook ${short(webhookId)}.`,
  DeliveryAttempted: ({ attempt, outcome, status, nextAt }) =>
    `Attempt ${attempt} to deliver the message: ${outcome}${status === null ? '' : `, status ${status}`}${
      nextAt === null ? '' : `; the next is due at ${nextAt}`
    }.`,
  DeliveryExhausted: ({ attempts }) => `The message was given up after ${counted(attempts, 'attempt')}.`,
  DeliveryResent: ({ dueAt }, actor) => `${actor} had the message sent again, due at ${dueAt}.`,
  RunRequested: ({ pipeline, partition, manifestVersion }, actor) =>
    `${actor} asked for a run of ${pipeline}${partition === null ? '' : ` for partition ${partition}`}, version ${short(manifestVersion)}.`,
  RunQueued: ({ engine, attempt }) => `Attempt ${attempt} was queued for the engine ${short(engine)}.`,
  RunRejected: ({ reason }, actor) => `${actor} rejected the run: ${short(reason)}.`,
  RunStarted: ({ attempt, worker }) => `Worker ${short(worker)} took the run up, attempt ${attempt}.`,
  StageStarted: ({ stage }) => `Stage ${short(stage)} started.`,
  StageCompleted: ({ stage, rows, bytesWritten, computeMs }) =>
    `Stage ${short(stage)} completed: ${counted(rows, 'row')}, ${counted(bytesWritten, 'byte')} written, ${Math.round(computeMs)} ms of computing.`,
  StageFailed: ({ stage, error }) =>
    `The attempt failed ${atStage(stage)}: ${short(error.code)}, ${short(error.message)}.`,
  RunRetryScheduled: ({ failures, dueAt }) =>
    `After ${counted(failures, 'failure')} the next attempt is due at ${dueAt}.`,
  LineageRecorded: ({ stage, lineage: { inputs, outputs } }) =>
    `Stage ${short(stage)} read ${counted(inputs.length, 'dataset')} and wrote ${outputs.length}.`,
  OutputsCommitted: ({ files }) => `The outputs were committed: ${counted(files.length, 'file')}.`,
  RunCostRecorded: ({ cost }) => `The run came to ${cost.totalUsd} US dollars.`,
  RunSucceeded: ({ attempt }) => `The run succeeded in attempt ${attempt}.`,
  RunFailed: ({ stage, error }) => `The run failed ${atStage(stage)}: ${short(error.code)}, ${short(error.message)}.`,
  RunPaused: (_, actor) => `${actor} paused the run.`,
  RunResumed: (_, actor) => `${actor} let the run go on.`,
  RunCancelRequested: (_, actor) => `${actor} asked to cancel the run.`,
  RunCanceled: ({ removed }) =>
    `The run was canceled; ${counted(removed.length, 'staged file')} removed, nothing published.`,
  ReplayReconciled: ({ replayOf, stages, files, isSame }) =>
    isSame
      ? `What it made is what run ${replayOf} had made.`
      : `It was compared with run ${replayOf}: ${counted(stages.filter((each) => each.rowsBefore !== each.rowsAfter).length, 'stage')} and ${counted(files.filter((each) => each.sha256Before !== each.sha256After).length, 'file')} differ.`,
  DriftDetected: ({ sink, since, added, removed, retyped }) =>
    `Sink ${short(sink)} has other columns than in run ${since}: ${added.length} added, ${removed.length} removed, ${retyped.length} retyped.`,
}
