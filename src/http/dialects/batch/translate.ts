import type { RunRow, StageRow } from '../../../../projections/run-tables.ts'
import type { RunStatus } from '../../../domain/run/state.ts'
import { prefixedRunId } from '../../run-ids.ts'

/** The five statuses of the batch document, and which of ours each stands for. */
const canonical = {
  QUEUED: ['queued'],
  STARTED: ['running', 'paused', 'canceling'],
  SUCCESS: ['succeeded'],
  FAILURE: ['failed', 'rejected'],
  CANCELED: ['canceled'],
} as const satisfies Record<string, readonly RunStatus[]>

export type BatchStatus = keyof typeof canonical
export const batchStatuses = ['QUEUED', 'STARTED', 'SUCCESS', 'FAILURE', 'CANCELED'] as const satisfies BatchStatus[]

export const statusesOf = (status: BatchStatus): readonly RunStatus[] => canonical[status]

const batchStatus: Record<RunStatus, BatchStatus> = {
  awaiting_approval: 'QUEUED',
  queued: 'QUEUED',
  running: 'STARTED',
  paused: 'STARTED',
  canceling: 'STARTED',
  succeeded: 'SUCCESS',
  failed: 'FAILURE',
  rejected: 'FAILURE',
  canceled: 'CANCELED',
}

const assetStatus: Record<StageRow['status'], BatchStatus> = {
  queued: 'QUEUED',
  running: 'STARTED',
  succeeded: 'SUCCESS',
  failed: 'FAILURE',
  canceled: 'CANCELED',
}

/** The document's times have whole seconds. */
export const shownTime = (iso: string): string => `${iso.slice(0, 19)}Z`
const shownTimeOrNull = (iso: string | null): string | null => (iso === null ? null : shownTime(iso))

/** The difference of the two times as they are shown. */
const durationSeconds = ({ requested_at, ended_at }: RunRow): number | null =>
  ended_at === null ? null : (Date.parse(shownTime(ended_at)) - Date.parse(shownTime(requested_at))) / 1000

const reasonOf = (run: RunRow): string | null => run.error ?? (run.status === 'rejected' ? 'rejected' : null)

/** An entry of the list of runs. */
export const shownRun = (run: RunRow) => ({
  run_id: prefixedRunId(run.run_id),
  pipeline: run.pipeline,
  status: batchStatus[run.status],
  batch_id: run.batch_id,
  started_at: shownTime(run.requested_at),
  duration_seconds: durationSeconds(run),
  ...(batchStatus[run.status] === 'FAILURE' ? { error: reasonOf(run) } : {}),
})

const shownAsset = (stage: StageRow) => ({
  status: assetStatus[stage.status],
  started_at: shownTimeOrNull(stage.started_at),
  ended_at: shownTimeOrNull(stage.ended_at),
  output: stage.output === null ? null : (JSON.parse(stage.output) as unknown),
})

const shownFailure = (run: RunRow) => ({
  code: 'PIPELINE_FAILED',
  message: 'Pipeline execution failed',
  details: { failed_asset: run.failed_stage, error: reasonOf(run) },
})

/** The answer of the status route. */
export const shownStatus = (run: RunRow, stages: readonly StageRow[]) => ({
  run_id: prefixedRunId(run.run_id),
  pipeline: run.pipeline,
  status: batchStatus[run.status],
  batch_id: run.batch_id,
  started_at: shownTime(run.requested_at),
  ended_at: shownTimeOrNull(run.ended_at),
  duration_seconds: durationSeconds(run),
  assets: Object.fromEntries(stages.map((stage) => [stage.stage, shownAsset(stage)])),
  ...(batchStatus[run.status] === 'FAILURE' ? { error: shownFailure(run) } : {}),
})
