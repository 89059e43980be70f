import type { ApprovalCommand } from '../domain/approval/commands.ts'
import { type Approval, approvalDecider } from '../domain/approval/decide.ts'
import type { ApprovalEvent } from '../domain/approval/events.ts'
import type { BackfillCommand } from '../domain/backfill/commands.ts'
import { type Backfill, backfillDecider } from '../domain/backfill/decide.ts'
import type { BackfillEvent } from '../domain/backfill/events.ts'
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

/** One stream per person who delegates. */
export const delegations: Aggregate<Delegations, DelegationCommand, DelegationEvent> = {
  category: 'delegation',
  decider: delegationDecider,
  fold: 'all',
  types: { DelegationGranted: true, DelegationRevoked: true },
}
