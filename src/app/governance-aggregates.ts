import { type BreakGlass, type BreakGlassCommand, breakGlassDecider } from '../domain/alert/break-glass.ts'
import type { BreakGlassAlertEvent, SloAlertEvent } from '../domain/alert/events.ts'
import { type SloAlertCommand, type SloAlerts, sloAlertDecider } from '../domain/alert/slo.ts'
import type { ApprovalCommand } from '../domain/approval/commands.ts'
import { type Approval, approvalDecider } from '../domain/approval/decide.ts'
import type { ApprovalEvent } from '../domain/approval/events.ts'
import type { BackfillCommand } from '../domain/backfill/commands.ts'
import { type Backfill, backfillDecider } from '../domain/backfill/decide.ts'
import type { BackfillEvent } from '../domain/backfill/events.ts'
import { type ChooseDeadLetters, deadLetterChoiceDecider } from '../domain/dead-letter/choice.ts'
import { type DeadLetterCommand, type DeadLetterState, deadLetterDecider } from '../domain/dead-letter/decide.ts'
import type { ChosenDeadLetters, DeadLetterChoiceEvent, DeadLetterEvent } from '../domain/dead-letter/events.ts'
import { type DelegationCommand, type Delegations, delegationDecider } from '../domain/delegation/decide.ts'
import type { DelegationEvent } from '../domain/delegation/events.ts'
import type { Aggregate } from './aggregate.ts'

export const approvals: Aggregate<Approval, ApprovalCommand, ApprovalEvent> = {
  category: 'approval',
  decider: approvalDecider,
  fold: 'all',
  types: {
    ApprovalRequested: true,
    ApprovalGranted: true,
    ApprovalRejected: true,
    ApprovalOverridden: true,
    ApprovalExpired: true,
    ApprovalWithdrawn: true,
    ApprovalConsumed: true,
  },
}

export const backfills: Aggregate<Backfill, BackfillCommand, BackfillEvent> = {
  category: 'backfill',
  decider: backfillDecider,
  fold: 'all',
  types: {
    BackfillRequested: true,
    BackfillStarted: true,
    BackfillRefused: true,
    BackfillPaused: true,
    BackfillResumed: true,
    BackfillCanceled: true,
    BackfillCompleted: true,
  },
}

/** One stream per objective of a pipeline in an environment. */
export const sloAlerts: Aggregate<SloAlerts, SloAlertCommand, SloAlertEvent> = {
  category: 'alert',
  decider: sloAlertDecider,
  fold: 'all',
  types: { SloAlertRaised: true, SloAlertEscalated: true, SloAlertResolved: true, AlertAcknowledged: true },
}

/** One stream per approval. */
export const breakGlassAlerts: Aggregate<BreakGlass, BreakGlassCommand, BreakGlassAlertEvent> = {
  category: 'alert',
  decider: breakGlassDecider,
  fold: 'all',
  types: { BreakGlassAlertRaised: true, AlertAcknowledged: true },
}

export const deadLetters: Aggregate<DeadLetterState, DeadLetterCommand, DeadLetterEvent> = {
  category: 'dlq',
  decider: deadLetterDecider,
  fold: 'all',
  types: {
    DeadLetterRecorded: true,
    DeadLetterAssigned: true,
    DeadLetterRetried: true,
    DeadLetterReopened: true,
    DeadLetterResolved: true,
    DeadLetterDiscarded: true,
  },
}

/** One stream per request about many entries. */
export const deadLetterChoices: Aggregate<ChosenDeadLetters | null, ChooseDeadLetters, DeadLetterChoiceEvent> = {
  category: 'dlq',
  decider: deadLetterChoiceDecider,
  fold: 'all',
  types: { DeadLettersChosen: true },
}

/** One stream per person who delegates. */
export const delegations: Aggregate<Delegations, DelegationCommand, DelegationEvent> = {
  category: 'delegation',
  decider: delegationDecider,
  fold: 'all',
  types: { DelegationGranted: true, DelegationRevoked: true },
}
