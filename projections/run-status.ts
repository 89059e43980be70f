import { firstEnvironment } from '../src/domain/pipeline/environments.ts'
import type { RunStatus } from '../src/domain/run/state.ts'
import { put, type Seen, type SqlValue, type Statement, update, type View } from './projection.ts'
import { type RunRow, runSchema, runsTable, type StageRow, stagesTable } from './run-tables.ts'

const runOf = (seen: Seen, runId: string) => ({ tenant: seen.metadata.tenant, run_id: runId })
const at = (seen: Seen): string => seen.metadata.occurredAt

const run = (seen: Seen, runId: string, changes: Record<string, SqlValue>): Statement =>
  update(runsTable, runOf(seen, runId), { ...changes, progress_at: seen.recordedAt })

const stage = (seen: Seen, runId: string, name: string, changes: Record<string, SqlValue>): Statement =>
  update(stagesTable, { tenant: seen.metadata.tenant, run_id: runId, stage: name }, changes)

const ended = (seen: Seen, runId: string, status: RunStatus, failure: Partial<RunRow> = {}): Statement =>
  run(seen, runId, { status, ended_at: at(seen), error: null, retry_due_at: null, ...failure })

const openStages = (seen: Seen, runId: string, status: 'failed' | 'canceled' | 'queued'): Statement => [
  `update ${stagesTable} set status = ?, ended_at = ?, failures = failures + ? where tenant = ? and run_id = ? and status = 'running'`,
  status,
  status === 'queued' ? null : at(seen),
  status === 'failed' ? 1 : 0,
  seen.metadata.tenant,
  runId,
]

const requested = (seen: Seen<'RunRequested'>): Statement[] => {
  const { data } = seen.event
  const { tenant } = seen.metadata
  const { runId } = data
  // Written out: to spread a key into an object of so many columns takes longer than to store it.
  const row: RunRow = {
    tenant,
    run_id: runId,
    pipeline_id: data.pipelineId,
    pipeline: data.pipeline,
    status: data.approval ? 'awaiting_approval' : 'queued',
    engine: data.engine,
    partition: data.partition,
    batch_id: data.batchId,
    manifest_version: data.manifestVersion,
    parameters: JSON.stringify(data.parameters),
    requested_at: at(seen),
    started_at: null,
    ended_at: null,
    attempt: 0,
    failures: 0,
    retry_due_at: null,
    failed_stage: null,
    error: null,
    claim: data.claim,
    claim_open: data.claim === null ? 0 : 1,
    cancel_held: 0,
    progress_at: seen.recordedAt,
    lease_until: '',
    worker: null,
    correlation_id: seen.metadata.correlationId,
    event_id: seen.id,
    environment: data.environment ?? firstEnvironment,
    manifest_hash: data.manifestHash,
    replay_of: data.replayOf?.runId ?? null,
    approval_id: data.approval?.approvalId ?? null,
    reconciliation: null,
    queued_at: null,
    failed_attempts: 0,
    error_code: null,
    cost_usd: null,
  }
  const stages = data.stages.map((name, ordinal): Statement => {
    const stageRow: StageRow = {
      tenant,
      run_id: runId,
      ordinal,
      stage: name,
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
    }
    return put(stagesTable, stageRow)
  })
  return [put(runsTable, row), ...stages]
}

const leaseRole = /^run\.(.+)$/

export const runStatus: View = {
  name: 'run-status',
  version: 4,
  tables: [runsTable, stagesTable],
  schema: runSchema,
  handlers: {
    RunRequested: requested,
    RunQueued: (seen) => [
      [
        `update ${runsTable} set status = 'queued', retry_due_at = null, queued_at = coalesce(queued_at, ?), progress_at = ?
          where tenant = ? and run_id = ?`,
        at(seen),
        seen.recordedAt,
        seen.metadata.tenant,
        seen.event.data.runId,
      ],
    ],
    RunStarted: (seen) => {
      const { runId, attempt, worker } = seen.event.data
      const started: Statement = [
        `update ${runsTable} set status = 'running', attempt = ?, worker = ?, started_at = coalesce(started_at, ?), progress_at = ?
          where tenant = ? and run_id = ?`,
        attempt,
        worker,
        at(seen),
        seen.recordedAt,
        seen.metadata.tenant,
        runId,
      ]
      return [started, openStages(seen, runId, 'queued')]
    },
    StageStarted: (seen) => {
      const { runId, stage: name } = seen.event.data
      return [
        run(seen, runId, {}),
        stage(seen, runId, name, { status: 'running', started_at: at(seen), ended_at: null }),
      ]
    },
    StageCompleted: (seen) => {
      const { runId, stage: name, output, rows, bytesRead, bytesWritten, computeMs, files } = seen.event.data
      const changes = {
        status: 'succeeded',
        ended_at: at(seen),
        output: JSON.stringify(output),
        rows,
        bytes: bytesWritten,
        bytes_read: bytesRead,
        compute_ms: computeMs,
        files: files.length,
      }
      return [run(seen, runId, {}), stage(seen, runId, name, changes)]
    },
    StageFailed: (seen) => {
      const { runId } = seen.event.data
      const sql = `update ${runsTable} set failed_attempts = failed_attempts + 1 where tenant = ? and run_id = ?`
      return [openStages(seen, runId, 'failed'), [sql, seen.metadata.tenant, runId]]
    },
    RunRetryScheduled: (seen) => {
      const { runId, failures, dueAt } = seen.event.data
      return [
        [
          `update ${runsTable} set status = case status when 'paused' then 'paused' else 'queued' end,
            failures = ?, retry_due_at = ?, progress_at = ? where tenant = ? and run_id = ?`,
          failures,
          dueAt,
          seen.recordedAt,
          seen.metadata.tenant,
          runId,
        ],
      ]
    },
    OutputsCommitted: (seen) => [run(seen, seen.event.data.runId, {})],
    RunCostRecorded: (seen) => {
      const { runId, cost } = seen.event.data
      return [update(runsTable, runOf(seen, runId), { cost_usd: cost.totalUsd })]
    },
    RunSucceeded: (seen) => [ended(seen, seen.event.data.runId, 'succeeded')],
    RunFailed: (seen) => {
      const { runId, stage: failed, error } = seen.event.data
      return [ended(seen, runId, 'failed', { failed_stage: failed, error: error.message, error_code: error.code })]
    },
    ReplayReconciled: (seen) => {
      const { data } = seen.event
      return [update(runsTable, runOf(seen, data.runId), { reconciliation: JSON.stringify(data) })]
    },
    RunRejected: (seen) => [ended(seen, seen.event.data.runId, 'rejected')],
    RunPaused: (seen) => [run(seen, seen.event.data.runId, { status: 'paused' })],
    RunResumed: (seen) => [run(seen, seen.event.data.runId, { status: 'running' })],
    RunCancelRequested: (seen) => {
      const { runId, held } = seen.event.data
      return [run(seen, runId, { status: 'canceling', cancel_held: held ? 1 : 0 })]
    },
    RunCanceled: (seen) => {
      const { runId } = seen.event.data
      return [ended(seen, runId, 'canceled'), openStages(seen, runId, 'canceled')]
    },
    PartitionReleased: (seen) => {
      const { runId, commandId } = seen.event.data
      return [update(runsTable, { ...runOf(seen, runId), claim: commandId }, { claim_open: 0 })]
    },
    LeaseTaken: (seen) => {
      const [, runId] = leaseRole.exec(seen.event.data.role) ?? []
      return runId ? [update(runsTable, runOf(seen, runId), { lease_until: seen.event.data.until })] : []
    },
  },
}
