import type { DomainEvent } from '../../src/domain/events.ts'
import { must, parseContractName } from '../../src/domain/ids.ts'
import { breakGlassAlertOf, sloAlertOf } from './alerting-events.ts'
import { failedEntry, foundAgain, rejectedEntry, undeliveredEntry } from './dead-letter-entries.ts'
import { commandIdOf, partitionOf, pipelineOf, runOf, slugOf } from './ids.ts'
import * as e from './run-events.ts'

const voice = { approvalId: 'a1', by: 'bob', onBehalfOf: null, role: 'governance', reason: 'it is fine' }

const override = { pipelineId: pipelineOf(1), slug: slugOf('flights'), number: 1, scope: 'prod' as const }
const promotion = {
  pipelineId: pipelineOf(1),
  slug: slugOf('flights'),
  number: 1,
  version: '1.0.0',
  manifestHash: 'cd'.repeat(32),
  from: 'staging' as const,
  to: 'prod' as const,
  provedBy: runOf('r1'),
}

const contractChange = {
  name: must(parseContractName('routes'), 'contract name'),
  number: 1,
  version: 'v1',
  schema: { type: 'object', properties: { origin: { type: 'string' } } },
  schemaHash: 'ab'.repeat(32),
  compatibility: 'backward' as const,
}

const sloAlert = sloAlertOf()
const { severity: _, ...sloAlertOver } = sloAlert
const glass = breakGlassAlertOf()

/** Examples of what governance does. */
export const governanceExamples = {
  SloAlertRaised: [{ type: 'SloAlertRaised', data: sloAlert }],
  SloAlertEscalated: [{ type: 'SloAlertEscalated', data: { ...sloAlert, severity: 'breached' } }],
  SloAlertResolved: [
    { type: 'SloAlertResolved', data: sloAlertOver },
    { type: 'SloAlertResolved', data: { ...sloAlertOver, figures: null } },
  ],
  BreakGlassAlertRaised: [
    { type: 'BreakGlassAlertRaised', data: glass },
    { type: 'BreakGlassAlertRaised', data: { ...glass, pipeline: null } },
  ],
  AlertAcknowledged: [{ type: 'AlertAcknowledged', data: { alertId: sloAlert.alertId } }],
  BackfillRequested: [
    {
      type: 'BackfillRequested',
      data: {
        backfillId: 'b1',
        pipelineId: pipelineOf(1),
        pipeline: slugOf('flights'),
        environment: 'dev',
        manifestVersion: '1.0.0',
        manifestHash: 'cd'.repeat(32),
        overrides: [],
        parameters: {},
        partitions: [partitionOf('2001-01-01')],
        skipped: [],
        maxConcurrency: 4,
        requestedBy: e.needed.requestedBy,
        requestedAt: e.atTime(0),
      },
    },
  ],
  BackfillStarted: [{ type: 'BackfillStarted', data: { backfillId: 'b1', approvalId: null } }],
  BackfillRefused: [{ type: 'BackfillRefused', data: { backfillId: 'b1', approvalId: 'a1', reason: 'no' } }],
  BackfillPaused: [{ type: 'BackfillPaused', data: { backfillId: 'b1' } }],
  BackfillResumed: [{ type: 'BackfillResumed', data: { backfillId: 'b1' } }],
  BackfillCanceled: [{ type: 'BackfillCanceled', data: { backfillId: 'b1' } }],
  BackfillCompleted: [
    {
      type: 'BackfillCompleted',
      data: { backfillId: 'b1', outcomes: { succeeded: 1, failed: 0, canceled: 0, rejected: 0 } },
    },
  ],
  PipelineDeleted: [
    { type: 'PipelineDeleted', data: { pipelineId: pipelineOf(1), slug: slugOf('flights'), reason: 'not needed' } },
  ],
  OverrideApplied: [{ type: 'OverrideApplied', data: { ...override, patch: { orchestration: { retries: 5 } } } }],
  OverrideRemoved: [{ type: 'OverrideRemoved', data: override }],
  PromotionRequested: [{ type: 'PromotionRequested', data: { ...promotion, approval: e.needed } }],
  PromotionRefused: [{ type: 'PromotionRefused', data: { ...promotion, approvalId: 'a1', reason: 'not yet' } }],
  PipelinePromoted: [{ type: 'PipelinePromoted', data: { ...promotion, approvalId: null } }],
  ApprovalRequested: [
    {
      type: 'ApprovalRequested',
      data: {
        approvalId: 'a1',
        target: { kind: 'run', id: 'r1' },
        command: { type: 'RequestRun', runId: 'r1' },
        commandHash: 'ef'.repeat(32),
        requestedBy: { pseudonym: 'alice', kind: 'person', roles: ['operator'], authMethod: 'test' },
        required: [{ role: 'governance', count: 1 }],
        requestedAt: e.atTime(0),
        expiresAt: e.atTime(60),
      },
    },
  ],
  ApprovalGranted: [{ type: 'ApprovalGranted', data: voice }],
  ApprovalRejected: [{ type: 'ApprovalRejected', data: { ...voice, onBehalfOf: 'carol' } }],
  ApprovalOverridden: [{ type: 'ApprovalOverridden', data: { ...voice, role: 'tenant-admin' } }],
  ApprovalExpired: [{ type: 'ApprovalExpired', data: { approvalId: 'a1' } }],
  ApprovalWithdrawn: [{ type: 'ApprovalWithdrawn', data: { approvalId: 'a1', reason: 'the run was canceled' } }],
  ApprovalConsumed: [
    { type: 'ApprovalConsumed', data: { approvalId: 'a1', commandId: commandIdOf(2), commandHash: 'ef'.repeat(32) } },
  ],
  DelegationGranted: [
    {
      type: 'DelegationGranted',
      data: {
        delegationId: 'd1',
        from: 'carol',
        to: 'bob',
        roles: ['governance'],
        until: e.atTime(60),
        reason: 'on leave',
      },
    },
  ],
  DelegationRevoked: [{ type: 'DelegationRevoked', data: { delegationId: 'd1', from: 'carol' } }],
  DeadLetterRecorded: [
    { type: 'DeadLetterRecorded', data: failedEntry },
    { type: 'DeadLetterRecorded', data: rejectedEntry },
    { type: 'DeadLetterRecorded', data: undeliveredEntry },
  ],
  DeadLetterAssigned: [
    { type: 'DeadLetterAssigned', data: { entryId: 'e1', assignee: 'operator' } },
    { type: 'DeadLetterAssigned', data: { entryId: 'e1', assignee: null } },
  ],
  DeadLetterRetried: [{ type: 'DeadLetterRetried', data: { entryId: 'e1', by: 'r2' } }],
  DeadLetterReopened: [
    { type: 'DeadLetterReopened', data: { entryId: 'e1', by: 'r2', reason: 'it failed too', found: foundAgain } },
    { type: 'DeadLetterReopened', data: { entryId: 'e1', by: 'r2', reason: 'it was canceled', found: null } },
  ],
  DeadLetterResolved: [{ type: 'DeadLetterResolved', data: { entryId: 'e1', by: 'r3' } }],
  DeadLetterDiscarded: [{ type: 'DeadLetterDiscarded', data: { entryId: 'e1' } }],
  DeadLettersChosen: [
    { type: 'DeadLettersChosen', data: { choiceId: 'c1', decision: 'retry', entryIds: ['e1', 'e2'], remaining: 0 } },
  ],
  ContractChangeRequested: [{ type: 'ContractChangeRequested', data: { ...contractChange, approval: e.needed } }],
  ContractChangeRefused: [
    { type: 'ContractChangeRefused', data: { ...contractChange, approvalId: 'a1', reason: 'its approval expired' } },
  ],
  ContractRegistered: [{ type: 'ContractRegistered', data: contractChange }],
  ReplayReconciled: [
    {
      type: 'ReplayReconciled',
      data: {
        runId: runOf('r1'),
        replayOf: runOf('r0'),
        stages: [{ stage: 'extract', rowsBefore: null, rowsAfter: 3 }],
        files: [{ target: 'out.parquet', sha256Before: null, sha256After: 'ab'.repeat(32) }],
        isSame: false,
      },
    },
  ],
} satisfies Record<string, readonly DomainEvent[]>
