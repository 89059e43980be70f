import { describe, expect, test } from 'vitest'
import { observedApi } from '../support/observed-api.ts'

const spread = (count: number, value: number) => ({
  count,
  mean: value,
  p50: value,
  p90: value,
  p95: value,
  p99: value,
  max: value,
})

const four = async () => {
  const api = await observedApi()
  await api.ran('a', { hoursAgo: 5, seconds: 10 })
  await api.ran('b', { hoursAgo: 4, seconds: 20 })
  await api.ran('c', { hoursAgo: 3, seconds: 30, fails: 'QUALITY_CHECK_FAILED' })
  await api.ran('old', { hoursAgo: 200, seconds: 99 })
  return api
}

describe('the metrics of a pipeline', () => {
  test('are of the runs that ended within the last week, where nothing else is asked for', async () => {
    const { get } = await four()
    const { status, body } = await get('/pipelines/flights/metrics')
    expect([status, body]).toEqual([
      200,
      {
        pipeline: 'flights',
        from: '2025-12-26T03:04:05.678Z',
        to: '2026-01-02T03:04:05.678Z',
        environment: null,
        runs: { total: 3, succeeded: 2, failed: 1, canceled: 0, rejected: 0 },
        error_rate: 1 / 3,
        errors: [{ code: 'QUALITY_CHECK_FAILED', count: 1 }],
        duration_seconds: { count: 3, mean: 20, p50: 20, p90: 30, p95: 30, p99: 30, max: 30 },
        queue_seconds: spread(3, 2),
        cost: { usd: 1.2, runs: 2 },
        volume: { rows_published: 6, bytes_read: 500, bytes_written: 20, compute_seconds: 2.5 },
        stages: [
          {
            stage: 'extract',
            completed: 3,
            failures: 0,
            rows: 3_000,
            bytes_read: 300,
            bytes_written: 0,
            compute_seconds: 1.5,
            mean_seconds: 1,
            max_seconds: 1,
          },
          {
            stage: 'load',
            completed: 2,
            failures: 1,
            rows: 6,
            bytes_read: 200,
            bytes_written: 20,
            compute_seconds: 1,
            mean_seconds: 1,
            max_seconds: 1,
          },
        ],
      },
    ])
  })

  test('are of the period that is asked for, and of no runs there are none', async () => {
    const { get } = await four()
    const old = await get('/pipelines/flights/metrics?from=2025-12-01&to=2025-12-26')
    expect(old.body).toMatchObject({ runs: { total: 1 }, error_rate: 0, duration_seconds: spread(1, 99) })
    const none = await get('/pipelines/flights/metrics?environment=prod')
    expect(none.body).toMatchObject({
      environment: 'prod',
      runs: { total: 0 },
      error_rate: null,
      errors: [],
      duration_seconds: null,
      queue_seconds: null,
      stages: [],
    })
  })

  test.each([
    ['from=2026-01-03', 'from: the period must begin before it ends'],
    ['to=yesterday', 'to: must be an ISO 8601 date or time'],
    ['from=2026-01-01&to=2026-01-01', 'from: the period must begin before it ends'],
    ['environment=moon', 'environment: must be one of dev, staging, prod'],
    ['since=2026-01-01', 'since: unknown field'],
  ])('asked for with ?%s are refused: %s', async (query, detail) => {
    const { get } = await observedApi()
    expect(await get(`/pipelines/flights/metrics?${query}`)).toMatchObject({ status: 400, body: { detail } })
  })

  test('of one that never was are not found, of one that is deleted they stay', async () => {
    const { get, call, ran } = await observedApi()
    expect(await get('/pipelines/nothing/metrics')).toMatchObject({
      status: 404,
      body: { title: 'PIPELINE_NOT_FOUND', detail: "pipeline 'nothing' not found" },
    })
    await ran('a', { hoursAgo: 1 })
    expect((await call('DELETE', '/pipelines/manifests/flights?reason=unused')).status).toBe(200)
    expect(await get('/pipelines/flights/metrics')).toMatchObject({ status: 200, body: { runs: { total: 1 } } })
    expect(await get('/pipelines/flights/slo')).toMatchObject({ status: 404 })
  })
})

test('the metrics of all pipelines are of each, and of all together', async () => {
  const { get } = await four()
  expect((await get('/pipelines/metrics?from=2025-01-01')).body).toMatchObject({
    from: '2025-01-01T00:00:00.000Z',
    total: { runs: { total: 4, failed: 1 }, error_rate: 0.25 },
    volume: { rows_published: 9 },
    pipelines: [{ pipeline: 'flights', runs: { total: 4 } }],
  })
})

describe('the metrics of a run', () => {
  test('are of the run and its stages', async () => {
    const { get } = await four()
    expect((await get('/pipelines/runs/run_b/metrics')).body).toMatchObject({
      run_id: 'b',
      pipeline: 'flights',
      environment: 'dev',
      outcome: 'succeeded',
      attempts: 1,
      queue_seconds: 2,
      duration_seconds: 20,
      error: null,
      cost_usd: 0.6,
      volume: { rows_published: 3, bytes_read: 200, bytes_written: 10, compute_seconds: 1 },
      stages: [
        { stage: 'extract', rows: 1_000, duration_seconds: 1 },
        { stage: 'load', rows: 3, duration_seconds: 1 },
      ],
    })
    expect((await get('/pipelines/runs/c/metrics')).body).toMatchObject({
      outcome: 'failed',
      failed_attempts: 1,
      error: { code: 'QUALITY_CHECK_FAILED', stage: 'load' },
      volume: { rows_published: 0 },
      stages: [{ failures: 0 }, { failures: 1, rows: null, duration_seconds: null }],
    })
  })

  test.each(['nothing', 'a%20b'])('that never was, as %s, are not found', async (id) => {
    const { get } = await observedApi()
    expect(await get(`/pipelines/runs/${id}/metrics`)).toMatchObject({ status: 404, body: { title: 'RUN_NOT_FOUND' } })
  })
})
