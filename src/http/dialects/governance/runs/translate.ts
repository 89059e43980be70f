import type { z } from 'zod'
import type { RunRow, StageRow } from '../../../../../projections/run-tables.ts'
import type { ReplayReconciled } from '../../../../domain/run/events.ts'
import type { runAnswer, runDetail } from './schemas.ts'

/** As the governance document writes runs: with their own ids. */
export const shownRunId = (runId: string): string => runId

export const shownRun = (run: RunRow): z.input<typeof runAnswer> => ({
  run_id: shownRunId(run.run_id),
  pipeline: run.pipeline,
  environment: run.environment,
  manifest_version: run.manifest_version,
  partition: run.partition,
  status: run.status,
  replay_of: run.replay_of,
  approval_id: run.approval_id,
  requested_at: run.requested_at,
  started_at: run.started_at,
  ended_at: run.ended_at,
  attempt: run.attempt,
  failed_stage: run.failed_stage,
  error: run.error,
})

const shownReconciliation = ({ replayOf, isSame, stages, files }: ReplayReconciled) => ({
  replay_of: replayOf,
  is_same: isSame,
  stages: stages.map(({ stage, rowsBefore, rowsAfter }) => ({
    stage,
    rows_before: rowsBefore,
    rows_after: rowsAfter,
  })),
  files: files.map(({ target, sha256Before, sha256After }) => ({
    target,
    sha256_before: sha256Before,
    sha256_after: sha256After,
  })),
})

export const shownDetail = (run: RunRow, stages: readonly StageRow[]): z.input<typeof runDetail> => ({
  ...shownRun(run),
  parameters: JSON.parse(run.parameters),
  reconciliation: run.reconciliation === null ? null : shownReconciliation(JSON.parse(run.reconciliation)),
  stages: stages.map(({ stage, status, started_at, ended_at, rows, bytes }) => ({
    stage,
    status,
    started_at,
    ended_at,
    rows,
    bytes,
  })),
})
