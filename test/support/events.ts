import { metadataFactory } from '../../src/app/context.ts'
import { uuidv5 } from '../../src/app/ids.ts'
import type { LedgerEvent, NewEvent } from '../../src/app/ports/ledger.ts'
import type { CallRecord } from '../../src/domain/access/events.ts'
import type { DomainEvent, EventType } from '../../src/domain/events.ts'
import type { EventMetadata } from '../../src/domain/metadata.ts'
import type { WebhookSettings } from '../../src/domain/webhook/events.ts'
import { contextOf } from './contexts.ts'
import { governanceExamples } from './governance-events.ts'
import { commandIdOf, pipelineOf, runOf, slugOf } from './ids.ts'
import { manifestOf } from './manifests.ts'
import * as e from './run-events.ts'

const holders = [{ runId: runOf('r1'), commandId: commandIdOf(1), at: e.atTime(0) }]
const version = {
  pipelineId: pipelineOf(1),
  slug: slugOf('flights'),
  number: 1,
  version: '1.0.0',
  manifestHash: 'cd'.repeat(32),
  manifest: manifestOf(),
}

/** Of the form of a sealed value; nobody has its key. */
export const sealedText = (n = 0): string => `sealed:1:p-${'a'.repeat(26)}:${String(n).padStart(40, 'A')}`

/** A call that went well. */
export const callOf = (over: Partial<CallRecord> = {}): CallRecord => ({
  at: e.atTime(0),
  actor: 'alice',
  onBehalfOf: null,
  authMethod: 'jwt',
  method: 'GET',
  route: '/api/pipeline/status/{run_id}',
  resource: { run_id: 'r1' },
  query: {},
  outcome: 'ok',
  status: 200,
  durationMs: 1.5,
  origin: sealedText(),
  requestId: 'request-1',
  reason: null,
  policy: 'test',
  count: 1,
  ...over,
})

const hook: WebhookSettings & { webhookId: string } = {
  webhookId: 'w1',
  url: 'https://receiver.example/hook',
  events: ['SUCCESS', 'FAILURE'],
  pipelines: [slugOf('flights')],
}

/** At least one event of every type; the compiler says when one is missing. */
export const examples: Record<EventType, readonly DomainEvent[]> = {
  ...governanceExamples,
  PipelineCreated: [{ type: 'PipelineCreated', data: version }],
  ManifestVersioned: [{ type: 'ManifestVersioned', data: { ...version, number: 2 } }],
  RunLogged: [
    {
      type: 'RunLogged',
      data: {
        runId: runOf('r1'),
        attempt: 1,
        before: 0,
        lines: [
          { at: e.atTime(1), level: 'info', stage: null, code: null, message: 'begun' },
          {
            at: e.atTime(2),
            level: 'error',
            stage: 'in',
            code: 'TIMEOUT',
            message: 'late',
            fields: { rows: 3, all: true },
          },
        ],
        isEnd: false,
      },
    },
    { type: 'RunLogged', data: { runId: runOf('r1'), attempt: 1, before: 2, lines: [], isEnd: true } },
  ],
  PartitionClaimed: [{ type: 'PartitionClaimed', data: { runId: runOf('r1'), commandId: commandIdOf(1), holders } }],
  PartitionReleased: [
    { type: 'PartitionReleased', data: { runId: runOf('r1'), commandId: commandIdOf(1), holders: [] } },
  ],
  LedgerNamed: [{ type: 'LedgerNamed', data: { name: 'box' } }],
  CheckpointSigned: [
    { type: 'CheckpointSigned', data: { log: 'commands', size: 3, root: 'ab'.repeat(32), note: 'box/acme\n3\n' } },
  ],
  CheckpointCosigned: [
    {
      type: 'CheckpointCosigned',
      data: { log: 'commands', size: 3, root: 'ab'.repeat(32), cosignatures: ['— witness AAAA'], witnessed: true },
    },
  ],
  LogKeyAdded: [
    { type: 'LogKeyAdded', data: { id: 'ab'.repeat(8), publicKey: Buffer.alloc(32, 1).toString('base64') } },
  ],
  IntegrityAlertRaised: [
    {
      type: 'IntegrityAlertRaised',
      data: { log: 'commands', from: 3, to: 3, event: 'some-id', stream: 'run-acme.r1', detail: 'it differs' },
    },
  ],
  LeaseTaken: [{ type: 'LeaseTaken', data: { role: 'run.r1', owner: 'box.1', epoch: 1, until: e.atTime(30) } }],
  ApiCallsRecorded: [{ type: 'ApiCallsRecorded', data: { calls: [callOf(), callOf({ actor: null, origin: null })] } }],
  SubjectRegistered: [
    { type: 'SubjectRegistered', data: { pseudonym: `p-${'a'.repeat(26)}`, identity: sealedText() } },
  ],
  LegalHoldPlaced: [
    { type: 'LegalHoldPlaced', data: { pseudonym: `p-${'a'.repeat(26)}`, holdId: 'h1', reason: 'a dispute' } },
  ],
  LegalHoldReleased: [{ type: 'LegalHoldReleased', data: { pseudonym: `p-${'a'.repeat(26)}`, holdId: 'h1' } }],
  SubjectErased: [
    { type: 'SubjectErased', data: { pseudonym: `p-${'a'.repeat(26)}`, reason: 'on request', ticket: 'GDPR-7' } },
    { type: 'SubjectErased', data: { pseudonym: `p-${'a'.repeat(26)}`, reason: 'on request', ticket: null } },
  ],
  WebhookRegistered: [
    { type: 'WebhookRegistered', data: { ...hook, secret: sealedText() } },
    { type: 'WebhookRegistered', data: { ...hook, pipelines: null, secret: sealedText() } },
  ],
  WebhookUpdated: [{ type: 'WebhookUpdated', data: hook }],
  WebhookSecretRotated: [
    { type: 'WebhookSecretRotated', data: { webhookId: 'w1', secret: sealedText(1), oldUntil: e.atTime(60) } },
  ],
  WebhookDisabled: [{ type: 'WebhookDisabled', data: { webhookId: 'w1', reason: 'gone' } }],
  WebhookEnabled: [{ type: 'WebhookEnabled', data: { webhookId: 'w1' } }],
  WebhookDeleted: [{ type: 'WebhookDeleted', data: { webhookId: 'w1' } }],
  WebhookResendRequested: [
    {
      type: 'WebhookResendRequested',
      data: { webhookId: 'w1', choice: 'ALL', between: { first: '10', last: '30' }, messages: 2, more: true },
    },
    {
      type: 'WebhookResendRequested',
      data: { webhookId: 'w1', choice: 'FAILED', between: null, messages: 0, more: false },
    },
  ],
  DeliveryScheduled: [
    {
      type: 'DeliveryScheduled',
      data: { deliveryId: 'd1', webhookId: 'w1', runId: runOf('r1'), body: { event: 'x' }, dueAt: e.atTime(0) },
    },
  ],
  DeliveryAttempted: [
    {
      type: 'DeliveryAttempted',
      data: {
        deliveryId: 'd1',
        attempt: 1,
        outcome: 'failed',
        status: 500,
        durationMs: 12.5,
        error: null,
        response: 'no',
        nextAt: e.atTime(5),
      },
    },
  ],
  DeliveryExhausted: [{ type: 'DeliveryExhausted', data: { deliveryId: 'd1', attempts: 10, error: 'answered 500' } }],
  DeliveryResent: [{ type: 'DeliveryResent', data: { deliveryId: 'd1', dueAt: e.atTime(9) } }],
  RunRequested: [e.requested(), e.requested({ partition: null, batchId: null, claim: null })],
  RunQueued: [e.queued()],
  RunRejected: [e.rejected],
  RunStarted: [e.started()],
  StageStarted: [e.stageStarted('extract')],
  StageCompleted: [
    e.stageCompleted('extract'),
    e.stageCompleted('load', 1, { output: {}, files: [], computeMs: 0.25 }),
  ],
  StageFailed: [e.stageFailed('extract'), e.stageFailed(null)],
  RunRetryScheduled: [e.retryScheduled(1, e.atTime(5))],
  LineageRecorded: [e.lineageRecorded('extract'), e.columnsRecorded('load')],
  OutputsCommitted: [e.committed(), e.committed(1, [])],
  RunCostRecorded: [e.costRecorded],
  RunSucceeded: [e.succeeded()],
  RunFailed: [e.failed(), e.failed(null)],
  RunPaused: [e.paused],
  RunResumed: [e.resumed],
  RunCancelRequested: [e.cancelRequested(2, true)],
  RunCanceled: [e.canceled(['a'])],
  DriftDetected: [e.driftDetected(), e.driftDetected('in', { retyped: [{ name: 'b', from: 'DATE', to: 'DOUBLE' }] })],
}

export const metadataOf = (over: Partial<EventMetadata> = {}): EventMetadata => ({
  ...metadataFactory({ type: 'Test' }, contextOf())(0),
  ...over,
})

export const newEvent = (event: DomainEvent, metadata: EventMetadata = metadataOf()): NewEvent => ({
  id: uuidv5('test', metadata.commandId),
  event,
  metadata,
})

/** What the ledger would hand out for events that were appended one after the other, ten positions apart. */
export const ledgerEvents = (
  events: readonly DomainEvent[],
  { stream = 'run-acme.r1', from = 0n, metadata = {} as Partial<EventMetadata> } = {},
): LedgerEvent[] =>
  events.map((event, index) => {
    const second = Number(from) / 10 + index
    return {
      ...newEvent(event, metadataOf({ occurredAt: e.atTime(second), ...metadata })),
      stream,
      revision: BigInt(index),
      position: from + BigInt(index + 1) * 10n,
      type: event.type,
      recordedAt: e.atTime(second + 0.5),
    }
  })
