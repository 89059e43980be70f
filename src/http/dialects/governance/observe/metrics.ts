import type { z } from 'zod'
import {
  endedRuns,
  type Period,
  publishedRows,
  type ShortRow,
  type StageTotals,
  stageTotals,
} from '../../../../../projections/metric-queries.ts'
import { Rejection } from '../../../../domain/codes.ts'
import { type Operation, operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { pipelineParameter } from '../manifests/pipeline-in.ts'
import { figuresOf } from './figures.ts'
import { knownPipeline } from './known-pipeline.ts'
import { allMetrics, pipelineMetrics } from './metrics-schemas.ts'
import { isoOf, periodOf, periodQuery } from './period.ts'

/** Percentiles are exact, so the rows of a whole period are read; of more runs a shorter period is to be asked for. */
const runsMax = 100_000

export const metricsOfPipeline = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/{pipeline}/metrics',
    summary: 'What the runs of a pipeline took, moved, cost and came to in a period; also of a deleted pipeline',
    action: 'ReadRuns',
    kind: 'query',
    parameters: pipelineParameter,
    query: periodQuery,
    answers: { 200: { description: 'the figures of the runs that ended in the period', schema: pipelineMetrics } },
    codes: ['PIPELINE_NOT_FOUND'],
    handle: async (c, { query }) => {
      const { reads, views, nowMs } = services
      await reads.beforeRead(c)
      const { pipelineId, slug } = await knownPipeline(c, services)
      const { tenant } = c.get('principal')
      const period = { ...periodOf(query, nowMs()), pipelineId }
      const rows = boundedRuns(services, tenant, period)
      const stages = stageTotals(views, tenant, period)
      const volume = volumeOf(stages, publishedRows(views, tenant, period))
      const { from, to, environment } = shownPeriod(period)
      const figures = { ...figuresOf(rows), volume, stages: stages.map(shownStage) }
      return c.json({ pipeline: slug, from, to, environment, ...figures } satisfies z.input<typeof pipelineMetrics>)
    },
  })

export const metricsOfAll = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/metrics',
    summary: 'The same of all pipelines: each, and all together',
    action: 'ReadRuns',
    kind: 'query',
    parameters: {},
    query: periodQuery,
    answers: { 200: { description: 'the figures, by pipeline', schema: allMetrics } },
    codes: [],
    handle: async (c, { query }) => {
      const { reads, views, nowMs } = services
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const period = periodOf(query, nowMs())
      const rows = boundedRuns(services, tenant, period)
      const volume = volumeOf(stageTotals(views, tenant, period), publishedRows(views, tenant, period))
      const pipelines = byPipeline(rows).map(([pipeline, own]) => ({ pipeline, ...figuresOf(own) }))
      const shown = { ...shownPeriod(period), total: figuresOf(rows), volume, pipelines }
      return c.json(shown satisfies z.input<typeof allMetrics>)
    },
  })

const byPipeline = (rows: readonly ShortRow[]): [string, ShortRow[]][] => {
  const grouped = new Map<string, ShortRow[]>()
  for (const row of rows) {
    const group = grouped.get(row.pipeline)
    if (group) group.push(row)
    else grouped.set(row.pipeline, [row])
  }
  return [...grouped].sort(([a], [b]) => (a < b ? -1 : 1))
}

const boundedRuns = ({ views }: Services, tenant: string, period: Period): ShortRow[] => {
  const rows = endedRuns(views, tenant, period, runsMax + 1)
  if (rows.length <= runsMax) return rows
  const message = `from: more than ${runsMax} runs ended in the period; ask for a shorter one`
  throw new Rejection('VALIDATION_FAILED', message, { field: 'from' })
}

const shownPeriod = ({ fromMs, toMs, environment }: ReturnType<typeof periodOf>) => ({
  from: isoOf(fromMs),
  to: isoOf(toMs),
  environment: environment ?? null,
})

const volumeOf = (stages: readonly StageTotals[], rowsPublished: number) => {
  const sum = (column: 'bytes_read' | 'bytes_written' | 'compute_ms') =>
    stages.reduce((total, stage) => total + stage[column], 0)
  return {
    rows_published: rowsPublished,
    bytes_read: sum('bytes_read'),
    bytes_written: sum('bytes_written'),
    compute_seconds: sum('compute_ms') / 1_000,
  }
}

const seconds = (ms: number | null): number | null => (ms === null ? null : Math.round(ms) / 1_000)

const shownStage = ({ compute_ms, mean_ms, max_ms, ...stage }: StageTotals) => ({
  ...stage,
  compute_seconds: compute_ms / 1_000,
  mean_seconds: seconds(mean_ms),
  max_seconds: seconds(max_ms),
})
