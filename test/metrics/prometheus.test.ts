import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Figure } from '../../src/app/ports/metrics.ts'
import { PrometheusMetrics } from '../../src/metrics/prometheus.ts'
import { samplesOf } from '../support/exposition.ts'
import { SilentLog } from '../support/log.ts'

const figure = (read: Figure['read'], more: Partial<Figure> = {}): Figure => ({
  name: 'things',
  help: 'Things that there are.',
  kind: 'gauge',
  read,
  ...more,
})

const told = async (...figures: Figure[]) => {
  const log = new SilentLog()
  const clock = { ms: 0 }
  const metrics = new PrometheusMetrics(log, figures, () => clock.ms)
  /** Asked a second after the last time. */
  const samples = async () => {
    clock.ms += 1_000
    return samplesOf(await metrics.text())
  }
  return { metrics, log, clock, samples }
}

describe('a figure', () => {
  test('is read whenever it is asked for, once in a second at most', async () => {
    let things = 0
    const { samples, metrics, clock } = await told(figure(() => ++things))
    expect((await samples()).get('ledgerline_things')).toBe(1)
    clock.ms += 999
    expect(samplesOf(await metrics.text()).get('ledgerline_things')).toBe(1)
    expect((await samples()).get('ledgerline_things')).toBe(2)
  })

  test('is the same for all who ask at the same time', async () => {
    const { metrics } = await told(
      figure(async () => ({ new: 3 }), { label: 'state' }),
      figure(async () => 7, { name: 'others_total', kind: 'counter' }),
    )
    const texts = await Promise.all([metrics.text(), metrics.text(), metrics.text()])
    for (const text of texts) {
      const seen = samplesOf(text)
      expect([seen.get('ledgerline_things{state="new"}'), seen.get('ledgerline_others_total')]).toEqual([3, 7])
    }
  })

  test('that comes late is not added to what is read after it', async () => {
    const { samples } = await told(figure(() => new Promise((resolve) => setTimeout(() => resolve(3), 20))))
    const asked = [samples(), samples()]
    for (const seen of await Promise.all(asked)) expect(seen.get('ledgerline_things')).toBe(3)
  })

  test('of a label has a sample for each of its values, and none of those that are gone', async () => {
    let things: Record<string, number> = { new: 3, 'ol"d\\\n': 0 }
    const { samples } = await told(figure(async () => things, { label: 'state' }))
    expect([...(await samples())].filter(([name]) => name.startsWith('ledgerline_things'))).toEqual([
      ['ledgerline_things{state="new"}', 3],
      ['ledgerline_things{state="ol\\"d\\\\\\n"}', 0],
    ])
    things = { new: 4 }
    expect([...(await samples())].filter(([name]) => name.startsWith('ledgerline_things'))).toEqual([
      ['ledgerline_things{state="new"}', 4],
    ])
  })

  test('that counts is a counter', async () => {
    const { metrics } = await told(figure(() => 5, { name: 'things_total', kind: 'counter' }))
    expect(await metrics.text()).toMatch(/^# TYPE ledgerline_things_total counter\nledgerline_things_total 5$/m)
  })

  test('that cannot be read is left out and logged, and the others are there', async () => {
    const broken = figure(() => Promise.reject(new Error('the views are closed')), { name: 'broken' })
    const { samples, log } = await told(
      broken,
      figure(() => 7),
    )
    const seen = await samples()
    expect(seen.get('ledgerline_broken')).toBeUndefined()
    expect(seen.get('ledgerline_things')).toBe(7)
    expect(log.lines).toEqual(['warn: a figure cannot be read'])
  })

  describe('that does not come', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
    afterEach(() => void vi.useRealTimers())

    test('is waited for two seconds, and left out', async () => {
      const { samples } = await told(
        figure(() => new Promise(() => undefined), { name: 'late' }),
        figure(() => 7),
      )
      const asked = samples()
      await vi.advanceTimersByTimeAsync(2_000)
      expect([...(await asked).keys()].filter((name) => !name.includes('http'))).toEqual(['ledgerline_things'])
    })
  })
})

test('calls are counted by route and status, and timed by route', async () => {
  const { metrics, samples } = await told()
  for (const status of [200, 200, 404]) metrics.answered({ method: 'GET', route: '/a/{id}', status, seconds: 0.02 })
  const seen = await samples()
  expect(seen.get('ledgerline_http_requests_total{method="GET",route="/a/{id}",status="200"}')).toBe(2)
  expect(seen.get('ledgerline_http_requests_total{method="GET",route="/a/{id}",status="404"}')).toBe(1)
  const [name, of] = ['ledgerline_http_request_duration_seconds', 'method="GET",route="/a/{id}"']
  expect(seen.get(`${name}_count{${of}}`)).toBe(3)
  expect(seen.get(`${name}_sum{${of}}`)).toBeCloseTo(0.06)
  expect(seen.get(`${name}_bucket{le="0.01",${of}}`)).toBe(0)
  expect(seen.get(`${name}_bucket{le="0.025",${of}}`)).toBe(3)
})

test('of the process there are its times and its memory', async () => {
  const seen = samplesOf(await new PrometheusMetrics(new SilentLog(), []).ofProcess().text())
  expect(seen.get('process_resident_memory_bytes')).toBeGreaterThan(1_000_000)
  expect(seen.get('process_cpu_seconds_total')).toBeGreaterThan(0)
  expect(seen.has('nodejs_eventloop_lag_p99_seconds')).toBe(true)
})
