import { describe, expect, test } from 'vitest'
import { observedApi } from '../support/observed-api.ts'

const slo = { success_rate: 0.5, max_duration_seconds: 15, freshness_hours: 4 }

describe('the objectives of a pipeline', () => {
  test('stand beside what was reached, with what is left of the budget', async () => {
    const { get, ran } = await observedApi(slo)
    await ran('a', { hoursAgo: 300 })
    await ran('b', { hoursAgo: 5, seconds: 15 })
    await ran('c', { hoursAgo: 3, seconds: 16 })
    await ran('d', { hoursAgo: 2, fails: 'STAGE_FAILED' })
    const { status, body } = await get('/pipelines/flights/slo?window=7d')
    expect([status, body]).toEqual([
      200,
      {
        pipeline: 'flights',
        environment: 'dev',
        window: '7d',
        from: '2025-12-26T03:04:05.678Z',
        to: '2026-01-02T03:04:05.678Z',
        manifest_version: '1.0.0',
        objectives: slo,
        ignored: [],
        status: 'at_risk',
        success: {
          objective: 0.5,
          actual: 0.666667,
          runs: 3,
          budget: {
            allowed: 1.5,
            used: 1,
            left: 0.5,
            burn_rate: { last_hour: null, last_6_hours: 0.666667, window: 0.666667 },
          },
          status: 'met',
        },
        duration: { max_seconds: 15, objective: 0.5, actual: 0.5, runs: 2, within: 1, status: 'at_risk' },
        freshness: { max_hours: 4, age_hours: 2.995, status: 'met' },
      },
    ])
    expect((await get('/pipelines/flights/slo')).body).toMatchObject({ window: '30d', success: { runs: 4 } })
  })

  test('are those of the manifest in force in the environment, overrides and all', async () => {
    const { get, call } = await observedApi(slo)
    const body = JSON.stringify({ patch: { slo: { success_rate: 0.9, latency: 1 } } })
    expect((await call('PUT', '/pipelines/manifests/flights/overrides/dev', { body })).status).toBe(200)
    expect((await get('/pipelines/flights/slo')).body).toMatchObject({
      objectives: { ...slo, success_rate: 0.9 },
      ignored: ['latency'],
      status: 'no_data',
    })
    expect((await get('/pipelines/flights/slo?environment=prod')).body).toMatchObject({
      manifest_version: null,
      objectives: { success_rate: null },
      success: null,
      status: 'no_data',
    })
  })

  test.each([
    ['window=1y', 'window: must be one of 7d, 30d, 90d'],
    ['environment=moon', 'environment: must be one of dev, staging, prod'],
  ])('asked for with ?%s are refused: %s', async (query, detail) => {
    const { get } = await observedApi()
    expect(await get(`/pipelines/flights/slo?${query}`)).toMatchObject({ status: 400, body: { detail } })
    expect(await get(`/pipelines/slo?${query}`)).toMatchObject({ status: 400, body: { detail } })
  })

  test('of all pipelines are listed by name, a page at a time', async () => {
    const { get, ran } = await observedApi(slo)
    await ran('a', { hoursAgo: 5, fails: 'STAGE_FAILED' })
    const { body } = await get('/pipelines/slo')
    expect(body).toMatchObject({
      total: 2,
      slos: [
        { pipeline: 'flights', status: 'breached' },
        { pipeline: 'weather', status: 'no_data' },
      ],
    })
    expect((await get('/pipelines/slo?limit=1&page=2')).body).toMatchObject({
      slos: [{ pipeline: 'weather' }],
      total: 2,
      page: 2,
      per_page: 1,
    })
  })
})
