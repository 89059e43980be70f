import { describe, expect, test } from 'vitest'
import { PrometheusMetrics } from '../../src/metrics/prometheus.ts'
import { openApi } from '../support/api.ts'
import { samplesOf } from '../support/exposition.ts'
import { SilentLog } from '../support/log.ts'

const figures = async ({ app }: Awaited<ReturnType<typeof openApi>>) => {
  const response = await app.request('/metrics')
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return samplesOf(await response.text())
}

const requests = (method: string, route: string, status: number) =>
  `ledgerline_http_requests_total{method="${method}",route="${route}",status="${status}"}`

describe('GET /metrics', () => {
  test('counts calls by the route that they took, whatever their answer was', async () => {
    let ms = 0
    const clock = () => {
      ms += 1_000
      return ms
    }
    const metrics = new PrometheusMetrics(new SilentLog(), [], clock)
    const api = await openApi({ services: { metrics } })
    for (const id of ['r1', 'r2']) await api.get(`/api/pipeline/status/${id}`)
    await api.get('/api/pipeline/runs')
    await api.get('/api/pipeline/nowhere/else')
    await api.app.request('/ready', { method: 'BREW' })
    await api.app.request('/ready', { method: 'POST' })
    const seen = await figures(api)
    expect(seen.get(requests('GET', '/api/pipeline/status/{run_id}', 404))).toBe(2)
    expect(seen.get(requests('GET', '/api/pipeline/runs', 200))).toBe(1)
    expect(seen.get(requests('GET', '(none)', 404))).toBe(1)
    expect(seen.get(requests('POST', '(none)', 404))).toBe(1)
    expect([...seen.keys()].filter((name) => /nowhere|BREW|\/ready|r1/.test(name))).toEqual([])
    expect((await figures(api)).get(requests('GET', '/metrics', 200))).toBe(1)
  })

  test('asks nobody who they are, and is no record', async () => {
    const api = await openApi({ open: false })
    await figures(api)
    expect(api.calls).toEqual([])
  })
})
