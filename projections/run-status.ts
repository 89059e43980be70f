import { firstEnvironment } from '../src/domain/pipeline/environments.ts'
import type { RunError } from '../src/domain/run/events.ts'
import type { RunStatus } from '../src/domain/run/state.ts'
import { put, type Seen, type SqlValue, type Statement, update, type View } from './projection.ts'
import { type RunRow, runSchema, runsTable, type StageRow, stagesTable } from './run-tables.ts'

const runOf = (seen: Seen, runId: string) => ({ tenant: seen.metadata.tenant, run_id: runId })
const at = (seen: Seen): string => seen.metadata.occurredAt

const run = (seen: Seen, runId: string, changes: Record<string, SqlValue>): Statement =>
  update(runsTable, runOf(seen, runId), { ...changes, progress_at: seen.recordedAt })

const stage = (seen: Seen, runId: string, name: string, changes: Record<string, SqlValue>): Statement =>
  update(stagesTable, { ...runOf(seen, runId), stage: name }, changes)

const ended =
  (status: RunStatus, error: RunError | null = null) =>
  (seen: Seen, runId: string) =>
    run(seen, runId, { status, ended_at: at(seen), error: error?.message ?? null, retry_due_at: null })

const openStages = (seen: Seen, runId: string, status: 'failed' | 'canceled' | 'queued'): Statement => [
  `update ${stagesTable} set status = ?, ended_at = ? where tenant = ? and run_id = ? and status = 'running'`,
  status,
  status === 'queued' ? null : at(seen),
  seen.metadata.tenant,
  runId,
]

const requested = (seen: Seen<'RunRequested'>): Statement[] => {
  const { data } = seen.event
  const key = runOf(seen, data.runId)
  const row: RunRow = {
    ...key,
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
  }
  const stages = data.stages.map((name, ordinal): Statement => {
    const stageRow: StageRow = {
      ...key,
      ordinal,
      stage: name,
      status: 'queued',
      started_at: null,
      ended_at: null,
      output: null,
      rows: null,
      bytes: null,
    }
    return put(stagesTable, { ...stageRow })
  })
  return [put(runsTable, { ...row }), ...stages]
}

const leaseRole = /^run\.(.+)$/

export const runStatus: View = {
  name: 'run-status',
  version: 2,
  tables: [runsTable, stagesTable],
  schema: runSchema,
  handlers: {
    RunRequested: requested,
    RunQueued: (seen) => [run(seen, seen.event.data.runId, { status: 'queued', retry_due_at: null })],
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
      const { runId, stage: name, output, rows, bytesWritten } = seen.event.data
      const changes = {
        status: 'succeeded',
        ended_at: at(seen),
        output: JSON.stringify(output),
        rows,
        bytes: bytesWritten,
      }
      return [run(seen, runId, {}), stage(seen, runId, name, changes)]
    },
    StageFailed: (seen) => [openStages(seen, seen.event.data.runId, 'failed')],
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
    RunSucceeded: (seen) => [ended('succeeded')(seen, seen.event.data.runId)],
    RunFailed: (seen) => {
      const { runId, stage: failed, error } = seen.event.data
      return [ended('failed', error)(seen, runId), run(seen, runId, { failed_stage: failed })]
    },
    ReplayReconciled: (seen) => {
      const { data } = seen.event
      return [update(runsTable, runOf(seen, data.runId), { reconciliation: JSON.stringify(data) })]
    },
    RunRejected: (seen) => [ended('rejected')(seen, seen.event.data.runId)],
    RunPaused: (seen) => [run(seen, seen.event.data.runId, { status: 'paused' })],
    RunResumed: (seen) => [run(seen, seen.event.data.runId, { status: 'running' })],
    RunCancelRequested: (seen) => {
      const { runId, held } = seen.event.data
      return [run(seen, runId, { status: 'canceling', cancel_held: held ? 1 : 0 })]
    },
    RunCanceled: (seen) => {
      const { runId } = seen.event.data
      return [ended('canceled')(seen, runId), openStages(seen, runId, 'canceled')]
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
