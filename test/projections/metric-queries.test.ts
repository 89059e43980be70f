import { describe, expect, test } from 'vitest'
import {
  countRuns,
  endedRuns,
  metricsOfRun,
  newestSuccess,
  publishedRows,
  stageMetricsOfRun,
  stageTotals,
} from '../../projections/metric-queries.ts'
import { otherTenant, pipelineOf, tenant } from '../support/ids.ts'
import { observing, type Timed } from '../support/observed.ts'
import * as e from '../support/run-events.ts'

const startMs = Date.parse(e.atTime(0))
const all = { fromMs: startMs, toMs: startMs + 1_000_000 }

/** Asked for at `from`, queued a second and begun four seconds later. */
const begun = (from: number, over: Parameters<typeof e.requested>[0] = {}): Timed[] => [
  [from, e.requested(over)],
  [from + 1, e.queued()],
  [from + 5, e.started()],
]

describe('the metrics of a run', () => {
  test('say when it was queued, begun and ended, what it cost and what became of it', async () => {
    const { tell, reader } = observing()
    await tell('a', [...begun(10, { environment: 'prod' }), [25, e.costRecorded], [30, e.succeeded()]])
    expect(metricsOfRun(reader, tenant, 'a')).toMatchObject({
      pipeline: 'flights',
      environment: 'prod',
      requested_ms: startMs + 10_000,
      queued_ms: startMs + 11_000,
      started_ms: startMs + 15_000,
      ended_ms: startMs + 30_000,
      outcome: 'succeeded',
      attempts: 1,
      failed_attempts: 0,
      cost_usd: 0.6,
      error_code: null,
    })
  })

  test('count its attempts, and keep the first time that it was queued and taken up', async () => {
    const { tell, reader } = observing()
    const again: Timed[] = [
      [20, e.stageFailed('extract')],
      [20, e.retryScheduled(1, e.atTime(25))],
      [25, e.queued(2)],
      [26, e.started(2)],
      [26, e.stageStarted('extract', 2)],
      [40, e.stageFailed('extract', 2)],
      [40, e.failed('extract')],
    ]
    await tell('a', [...begun(0), [6, e.stageStarted('extract')], ...again])
    expect(metricsOfRun(reader, tenant, 'a')).toMatchObject({
      queued_ms: startMs + 1_000,
      started_ms: startMs + 5_000,
      ended_ms: startMs + 40_000,
      outcome: 'failed',
      attempts: 2,
      failed_attempts: 2,
      error_code: 'STAGE_FAILED',
      error_stage: 'extract',
    })
    expect(stageMetricsOfRun(reader, tenant, 'a')).toMatchObject([{ stage: 'extract', failures: 2, rows: null }])
  })

  test('are of its tenant only', async () => {
    const { tell, reader } = observing()
    await tell('a', [...begun(0), [10, e.succeeded()]])
    expect(metricsOfRun(reader, otherTenant, 'a')).toBeUndefined()
    expect(endedRuns(reader, otherTenant, all, 10)).toEqual([])
  })
})

describe('a period', () => {
  const three = async () => {
    const told = observing()
    await told.tell('a', [...begun(0), [10, e.succeeded()]])
    await told.tell('b', [...begun(0), [20, e.failed()]])
    await told.tell('c', [...begun(0, { environment: 'prod', pipelineId: pipelineOf(2) }), [30, e.succeeded()]])
    await told.tell('active', begun(0))
    return told
  }
  const at = (second: number) => startMs + second * 1_000

  test('holds the runs that ended from its begin on and before its end, in that order', async () => {
    const { reader } = await three()
    const found = (fromS: number, toS: number) =>
      endedRuns(reader, tenant, { fromMs: at(fromS), toMs: at(toS) }, 10).map(({ run_id }) => run_id)
    expect([found(0, 100), found(10, 20), found(11, 31), found(31, 100)]).toEqual([
      ['a', 'b', 'c'],
      ['a'],
      ['b', 'c'],
      [],
    ])
    expect(endedRuns(reader, tenant, all, 2)).toHaveLength(2)
  })

  test('is of one pipeline or environment where that is asked for', async () => {
    const { reader } = await three()
    const found = (over: object) => endedRuns(reader, tenant, { ...all, ...over }, 10).map(({ run_id }) => run_id)
    expect([found({ pipelineId: pipelineOf(1) }), found({ environment: 'prod' })]).toEqual([['a', 'b'], ['c']])
  })

  test('counts what succeeded, failed and was in time', async () => {
    const { tell, reader } = await three()
    await tell('canceled', [...begun(0), [40, e.canceled()]])
    expect(countRuns(reader, tenant, all, null)).toEqual({ succeeded: 2, failed: 1, within: 2 })
    expect(countRuns(reader, tenant, all, 5_000)).toEqual({ succeeded: 2, failed: 1, within: 1 })
    expect(countRuns(reader, tenant, all, 4_999)).toEqual({ succeeded: 2, failed: 1, within: 0 })
    expect(countRuns(reader, otherTenant, all, null)).toEqual({ succeeded: 0, failed: 0, within: 0 })
  })

  test('ends with its newest success, however long ago that was', async () => {
    const { reader } = await three()
    const newest = (over: object) => newestSuccess(reader, tenant, { toMs: at(1_000), ...over })
    expect([newest({}), newest({ environment: 'dev' }), newest({ pipelineId: pipelineOf(3) })]).toEqual([
      at(30),
      at(10),
      null,
    ])
  })
})

test('stages add up over the runs of a period, and what is published is of runs that succeeded and of stages with files', async () => {
  const { tell, reader } = observing()
  const staged = (rows: number): Timed[] => [
    [6, e.stageStarted('extract')],
    [8, e.stageCompleted('extract', 1, { rows: 1_000, files: [], bytesRead: 500, bytesWritten: 0 })],
    [8, e.stageStarted('load')],
    [9, e.stageCompleted('load', 1, { rows, bytesRead: 7, bytesWritten: 11 })],
  ]
  await tell('a', [...begun(0), ...staged(3), [10, e.succeeded()]])
  await tell('b', [...begun(0), ...staged(4), [10, e.failed()]])
  await tell('c', [...begun(0), [6, e.stageStarted('extract')], [7, e.stageFailed('extract')], [7, e.failed()]])
  await tell('active', [...begun(0), ...staged(5)])
  expect(publishedRows(reader, tenant, all)).toBe(3)
  const sums = { compute_ms: 1_000, completed: 2 }
  expect(stageTotals(reader, tenant, all)).toEqual([
    {
      stage: 'extract',
      ...sums,
      failures: 1,
      rows: 2_000,
      bytes_read: 1_000,
      bytes_written: 0,
      mean_ms: 2_000,
      max_ms: 2_000,
    },
    { stage: 'load', ...sums, failures: 0, rows: 7, bytes_read: 14, bytes_written: 22, mean_ms: 1_000, max_ms: 1_000 },
  ])
})
