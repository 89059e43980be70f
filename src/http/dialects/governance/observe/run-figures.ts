import type { z } from 'zod'
import { metricsOfRun, type StageMetricsRow, stageMetricsOfRun } from '../../../../../projections/metric-queries.ts'
import { type Operation, operation } from '../../../operation.ts'
import { runIdIn, runNotFound } from '../../../run-ids.ts'
import type { Services } from '../../../services.ts'
import { between } from './figures.ts'
import { runMetrics } from './metrics-schemas.ts'

export const metricsOfOneRun = ({ reads, views }: Services): Operation =>
  operation({
    method: 'get',
    path: '/runs/{run_id}/metrics',
    summary: 'What a run and its stages took, moved and cost so far',
    action: 'ReadRuns',
    kind: 'query',
    parameters: { run_id: 'the run' },
    answers: { 200: { description: 'its figures', schema: runMetrics } },
    codes: ['RUN_NOT_FOUND'],
    handle: async (c) => {
      const runId = runIdIn(c)
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const run = metricsOfRun(views, tenant, runId)
      if (!run) throw runNotFound(runId)
      const stages = stageMetricsOfRun(views, tenant, runId)
      return c.json({
        run_id: runId,
        pipeline: run.pipeline,
        environment: run.environment,
        outcome: run.outcome,
        attempts: run.attempts,
        failed_attempts: run.failed_attempts,
        queue_seconds: seconds(between(run.queued_ms, run.started_ms)),
        duration_seconds: seconds(between(run.started_ms, run.ended_ms)),
        error: run.error_code === null ? null : { code: run.error_code, stage: run.error_stage },
        cost_usd: run.cost_usd,
        volume: {
          rows_published: run.outcome === 'succeeded' ? sumOf(stages.filter(wroteFiles), 'rows') : 0,
          bytes_read: sumOf(stages, 'bytes_read'),
          bytes_written: sumOf(stages, 'bytes_written'),
          compute_seconds: sumOf(stages, 'compute_ms') / 1_000,
        },
        stages: stages.map(shownStage),
      } satisfies z.input<typeof runMetrics>)
    },
  })

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000)
const wroteFiles = ({ files }: StageMetricsRow): boolean => (files ?? 0) > 0

const sumOf = (stages: readonly StageMetricsRow[], column: 'rows' | 'bytes_read' | 'bytes_written' | 'compute_ms') =>
  stages.reduce((sum, stage) => sum + (stage[column] ?? 0), 0)

const shownStage = (stage: StageMetricsRow) => ({
  stage: stage.stage,
  failures: stage.failures,
  rows: stage.rows,
  bytes_read: stage.bytes_read,
  bytes_written: stage.bytes_written,
  compute_seconds: seconds(stage.compute_ms),
  duration_seconds: seconds(between(stage.started_ms, stage.ended_ms)),
})
