import { describe, expect, test } from 'vitest'
import { runById, stagesOfRun } from '../../projections/run-queries.ts'
import type { DomainEvent } from '../../src/domain/events.ts'
import { ledgerEvents, metadataOf } from '../support/events.ts'
import { commandIdOf, otherTenant, runOf, tenant } from '../support/ids.ts'
import * as e from '../support/run-events.ts'
import { openViews } from '../support/views.ts'

const asked = [e.requested(), e.queued()]
const running = [...asked, e.started()]
const atStage = [...running, e.stageStarted('extract')]
const half = [...atStage, e.stageCompleted('extract')]
const staged = [...running, ...e.allStages()]
const at = (index: number) => e.atTime(index)

/** The n-th event occurred at second n, and was recorded half a second later. */
const shown = async (...events: DomainEvent[]) => {
  const { apply, reader } = openViews()
  await apply(...ledgerEvents(events))
  return { row: runById(reader, tenant, e.runId), stages: stagesOfRun(reader, tenant, e.runId) }
}

test('a run that was requested is queued, with all its stages', async () => {
  const { row, stages } = await shown(...asked)
  // The driver adds a member of its own to a row that is read alone.
  expect({ ...row, _metadata: undefined }).toEqual({
    environment: 'dev',
    replay_of: null,
    manifest_hash: expect.stringMatching(/^[0-9a-f]+$/),
    approval_id: null,
    reconciliation: null,
    tenant: 'acme',
    run_id: 'r1',
    pipeline_id: e.requestOf().pipelineId,
    pipeline: 'flights',
    status: 'queued',
    engine: 'fake',
    partition: '2001-01-01',
    batch_id: 'B1',
    manifest_version: '1.0.0',
    parameters: '{}',
    requested_at: at(0),
    started_at: null,
    ended_at: null,
    attempt: 0,
    failures: 0,
    retry_due_at: null,
    failed_stage: null,
    error: null,
    claim: commandIdOf(1),
    claim_open: 1,
    cancel_held: 0,
    progress_at: e.atTime(1.5),
    lease_until: '',
    worker: null,
    correlation_id: 'request-1',
    event_id: expect.any(String),
    queued_at: at(1),
    failed_attempts: 0,
    error_code: null,
    cost_usd: null,
  })
  expect(stages).toEqual(
    e.stages.map((stage, ordinal) => ({
      tenant: 'acme',
      run_id: 'r1',
      ordinal,
      stage,
      status: 'queued',
      started_at: null,
      ended_at: null,
      output: null,
      rows: null,
      bytes: null,
      bytes_read: null,
      compute_ms: null,
      files: null,
      failures: 0,
    })),
  )
})

test('a run without partition, batch or claim has none', async () => {
  const { row } = await shown(e.requested({ partition: null, batchId: null, claim: null }))
  expect(row).toMatchObject({ partition: null, batch_id: null, claim_open: 0 })
})

describe('a run', () => {
  test.each([
    [
      'is running once a worker took it up',
      running,
      { status: 'running', attempt: 1, worker: 'box.1', started_at: at(2) },
    ],
    [
      'keeps its first start when it is taken up again',
      [...running, e.started(2, 'box.2')],
      { attempt: 2, worker: 'box.2', started_at: at(2) },
    ],
    ['shows progress at every stage', half, { progress_at: e.atTime(4.5) }],
    ['is committed while it still runs', [...staged, e.committed()], { status: 'running', progress_at: e.atTime(7.5) }],
    [
      'has succeeded',
      [...staged, e.committed(), e.costRecorded, e.succeeded()],
      { status: 'succeeded', ended_at: at(9), error: null },
    ],
    [
      'has failed, at a stage and with an error',
      [...atStage, e.stageFailed('extract'), e.failed()],
      { status: 'failed', ended_at: at(5), failed_stage: 'extract', error: 'it broke' },
    ],
    [
      'has failed outside of any stage',
      [...running, e.stageFailed(null), e.failed(null)],
      { status: 'failed', failed_stage: null, error: 'it broke' },
    ],
    [
      'waits for its retry',
      [...atStage, e.stageFailed('extract'), e.retryScheduled(1, at(60))],
      { status: 'queued', failures: 1, retry_due_at: at(60), error: null },
    ],
    [
      'is queued again when its retry is due',
      [...atStage, e.stageFailed('extract'), e.retryScheduled(1, at(60)), e.queued(2)],
      { status: 'queued', failures: 1, retry_due_at: null },
    ],
    ['is paused', [...atStage, e.paused], { status: 'paused' }],
    [
      'stays paused when its stage fails',
      [...atStage, e.paused, e.stageFailed('extract'), e.retryScheduled(1, at(60))],
      { status: 'paused', retry_due_at: at(60) },
    ],
    ['runs again when it is resumed', [...atStage, e.paused, e.resumed], { status: 'running' }],
    [
      'is queued when it is resumed with no worker at it',
      [...running, e.paused, e.resumed, e.queued(2)],
      { status: 'queued' },
    ],
    [
      'is being canceled by its worker',
      [...atStage, e.cancelRequested(2, true)],
      { status: 'canceling', cancel_held: 1, ended_at: null },
    ],
    [
      'is to be cleaned up by any worker',
      [...running, e.paused, e.cancelRequested(2, false)],
      { status: 'canceling', cancel_held: 0 },
    ],
    [
      'was canceled',
      [...atStage, e.cancelRequested(2, true), e.canceled()],
      { status: 'canceled', ended_at: at(5), error: null, retry_due_at: null },
    ],
    [
      'tells no error of an attempt before the one that succeeded',
      [
        ...running,
        e.stageFailed('extract'),
        e.retryScheduled(1, at(3)),
        e.queued(2),
        e.started(2),
        ...e.allStages(2),
        e.committed(2),
        e.costRecorded,
        e.succeeded(2),
      ],
      { status: 'succeeded', error: null, failed_stage: null, retry_due_at: null },
    ],
  ] as const)('%s', async (_, events, expected) => {
    expect((await shown(...events)).row).toMatchObject(expected)
  })

  test('that was never requested is not there', async () => {
    expect((await shown(e.rejected)).row).toBeUndefined()
  })
})

describe('other streams', () => {
  test('a lease says until when the worker has the run', async () => {
    const lease = { type: 'LeaseTaken' as const, data: { role: 'run.r1', owner: 'box.1', epoch: 1, until: at(90) } }
    expect((await shown(...running, lease)).row).toMatchObject({ lease_until: at(90), progress_at: e.atTime(2.5) })
    const other = { ...lease, data: { ...lease.data, role: 'relay' } }
    expect((await shown(...running, other)).row).toMatchObject({ lease_until: '' })
  })

  test('a release closes the claim', async () => {
    const released = {
      type: 'PartitionReleased' as const,
      data: { runId: e.runId, commandId: commandIdOf(1), holders: [] },
    }
    const { apply, reader } = openViews()
    const partition = `partition-acme.${e.requestOf().pipelineId}.2001-01-01`
    await apply(...ledgerEvents(running), ...ledgerEvents([released], { stream: partition, from: 90n }))
    expect(runById(reader, tenant, e.runId)).toMatchObject({ claim_open: 0 })
  })

  test('of another tenant change nothing, though the run has the same id', async () => {
    const { apply, reader } = openViews()
    const foreign = { metadata: metadataOf({ tenant: otherTenant }) }
    await apply(...ledgerEvents(asked), ...ledgerEvents(running, { from: 90n, ...foreign }))
    expect(runById(reader, tenant, e.runId)).toMatchObject({ status: 'queued' })
    expect(runById(reader, otherTenant, e.runId)).toMatchObject({ status: 'running' })
    expect(runById(reader, otherTenant, runOf('r2'))).toBeUndefined()
  })
})
