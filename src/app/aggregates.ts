import { type AccessLog, accessDecider, type RecordCalls } from '../domain/access/decide.ts'
import type { AccessEvent } from '../domain/access/events.ts'
import type { AcknowledgeAlert } from '../domain/alert/acknowledge.ts'
import { type Alerts, alertDecider, type RaiseAlert } from '../domain/alert/decide.ts'
import type { IntegrityAlertEvent } from '../domain/alert/events.ts'
import {
  type CosignatureEvent,
  type Cosigned,
  cosignatureDecider,
  type RecordCosignatures,
} from '../domain/checkpoint/cosign.ts'
import {
  type Checkpoint,
  type CheckpointEvent,
  checkpointDecider,
  type SignCheckpoint,
} from '../domain/checkpoint/decide.ts'
import { type Delivery, type DeliveryCommand, deliveryDecider } from '../domain/delivery/decide.ts'
import type { DeliveryEvent } from '../domain/delivery/events.ts'
import { type Lease, type LeaseCommand, type LeaseEvent, leaseDecider } from '../domain/lease/decide.ts'
import { type LedgerNameEvent, ledgerNameDecider, type NameLedger } from '../domain/ledger/decide.ts'
import { type AddLogKey, type LogKey, type LogKeyEvent, logKeysDecider } from '../domain/ledger/keys.ts'
import {
  type Partition,
  type PartitionCommand,
  type PartitionEvent,
  partitionDecider,
} from '../domain/partition/decide.ts'
import type { PipelineCommand } from '../domain/pipeline/commands.ts'
import { type Pipeline, pipelineDecider } from '../domain/pipeline/decide.ts'
import type { PipelineEvent } from '../domain/pipeline/events.ts'
import type { RunCommand } from '../domain/run/commands.ts'
import { runDecider } from '../domain/run/decide.ts'
import type { RunEvent } from '../domain/run/events.ts'
import type { Run } from '../domain/run/state.ts'
import { type LogLines, type RunLog, runLogDecider } from '../domain/run-log/decide.ts'
import type { RunLogEvent } from '../domain/run-log/events.ts'
import type { SubjectCommand } from '../domain/subject/commands.ts'
import { type SubjectState, subjectDecider } from '../domain/subject/decide.ts'
import type { SubjectEvent } from '../domain/subject/events.ts'
import { type Webhook, type WebhookCommand, webhookDecider } from '../domain/webhook/decide.ts'
import type { WebhookEvent } from '../domain/webhook/events.ts'
import type { Aggregate } from './aggregate.ts'

export {
  approvals,
  backfills,
  breakGlassAlerts,
  deadLetterChoices,
  deadLetters,
  delegations,
  sloAlerts,
} from './governance-aggregates.ts'
export type { Aggregate }

export const pipelines: Aggregate<Pipeline, PipelineCommand, PipelineEvent> = {
  category: 'pipeline',
  decider: pipelineDecider,
  fold: 'all',
  types: {
    PipelineCreated: true,
    ManifestVersioned: true,
    PipelineDeleted: true,
    OverrideApplied: true,
    OverrideRemoved: true,
    PromotionRequested: true,
    PromotionRefused: true,
    PipelinePromoted: true,
  },
}

export const partitions: Aggregate<Partition, PartitionCommand, PartitionEvent> = {
  category: 'partition',
  decider: partitionDecider,
  fold: 'last',
  types: { PartitionClaimed: true, PartitionReleased: true },
}

export const leases: Aggregate<Lease, LeaseCommand, LeaseEvent> = {
  category: 'lease',
  decider: leaseDecider,
  fold: 'last',
  types: { LeaseTaken: true },
  keepLast: 1,
}

/** One stream per log. */
export const checkpoints: Aggregate<Checkpoint | null, SignCheckpoint, CheckpointEvent> = {
  category: 'checkpoint',
  decider: checkpointDecider,
  fold: 'last',
  types: { CheckpointSigned: true },
}

/** One stream per log, beside that of its checkpoints. */
export const cosignatures: Aggregate<Cosigned | null, RecordCosignatures, CosignatureEvent> = {
  category: 'checkpoint',
  decider: cosignatureDecider,
  fold: 'last',
  types: { CheckpointCosigned: true },
}

/** One stream per log. */
export const alerts: Aggregate<Alerts, RaiseAlert | AcknowledgeAlert, IntegrityAlertEvent> = {
  category: 'alert',
  decider: alertDecider,
  fold: 'all',
  types: { IntegrityAlertRaised: true, AlertAcknowledged: true },
}

export const logKeys: Aggregate<readonly LogKey[], AddLogKey, LogKeyEvent> = {
  category: 'ledger',
  decider: logKeysDecider,
  fold: 'all',
  types: { LogKeyAdded: true },
}

export const ledgerNames: Aggregate<string | null, NameLedger, LedgerNameEvent> = {
  category: 'ledger',
  decider: ledgerNameDecider,
  fold: 'all',
  types: { LedgerNamed: true },
}

/** One stream per tenant, day and replica; only that replica appends to it. */
export const accessLogs: Aggregate<AccessLog, RecordCalls, AccessEvent> = {
  category: 'access',
  decider: accessDecider,
  fold: 'last',
  types: { ApiCallsRecorded: true },
}

/** One stream per run; whoever writes it says for how long it is kept. */
export const runLogs: Aggregate<RunLog, LogLines, RunLogEvent> = {
  category: 'runlog',
  decider: runLogDecider,
  fold: 'last',
  types: { RunLogged: true },
}

export const subjects: Aggregate<SubjectState, SubjectCommand, SubjectEvent> = {
  category: 'subject',
  decider: subjectDecider,
  fold: 'all',
  types: { SubjectRegistered: true, LegalHoldPlaced: true, LegalHoldReleased: true, SubjectErased: true },
}

export const webhooks: Aggregate<Webhook, WebhookCommand, WebhookEvent> = {
  category: 'webhook',
  decider: webhookDecider,
  fold: 'all',
  types: {
    WebhookRegistered: true,
    WebhookUpdated: true,
    WebhookSecretRotated: true,
    WebhookDisabled: true,
    WebhookEnabled: true,
    WebhookDeleted: true,
    WebhookResendRequested: true,
  },
}

export const deliveries: Aggregate<Delivery, DeliveryCommand, DeliveryEvent> = {
  category: 'delivery',
  decider: deliveryDecider,
  fold: 'all',
  types: { DeliveryScheduled: true, DeliveryAttempted: true, DeliveryExhausted: true, DeliveryResent: true },
}

export const runs: Aggregate<Run, RunCommand, RunEvent> = {
  category: 'run',
  decider: runDecider,
  fold: 'all',
  types: {
    RunRequested: true,
    RunQueued: true,
    RunRejected: true,
    RunStarted: true,
    StageStarted: true,
    StageCompleted: true,
    StageFailed: true,
    RunRetryScheduled: true,
    LineageRecorded: true,
    OutputsCommitted: true,
    RunCostRecorded: true,
    RunSucceeded: true,
    RunFailed: true,
    RunPaused: true,
    RunResumed: true,
    RunCancelRequested: true,
    RunCanceled: true,
    DriftDetected: true,
    ReplayReconciled: true,
  },
}
