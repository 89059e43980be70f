import { describe, expect, test } from 'vitest'
import { RateLimits } from '../../src/http/limits.ts'
import { nowMs, openApi, tenantUuid } from '../support/api.ts'
import { identityOf } from '../support/identities.ts'
import { probeDialects } from './probe.ts'

const tokens = {
  free: identityOf('frank', { plan: 'free' }),
  free2: identityOf('fiona', { plan: 'free' }),
  pro: identityOf('paula', { plan: 'pro' }),
  enterprise: identityOf('erik', { plan: 'enterprise' }),
  none: identityOf('nora', { plan: null }),
}

const api = () =>
  openApi({ open: false, tokens, dialects: probeDialects, services: { limits: new RateLimits({ hour: 5, burst: 3 }) } })

const as = (token: keyof typeof tokens) => ({ authorization: `Bearer ${token}` })

describe('the plans of the etl document', () => {
  test.each([
    ['free', 100, 10],
    ['pro', 1_000, 100],
    ['enterprise', 10_000, 1_000],
  ] as const)('%s: %d an hour, of them %d at once', async (plan, hour, burst) => {
    const { get } = await api()
    const answers = []
    for (let n = 0; n <= burst; n += 1) answers.push(await get('/probe/etl/a', as(plan)))
    const first = answers[0]?.headers
    expect(first?.get('x-ratelimit-limit')).toBe(String(hour))
    expect(first?.get('x-ratelimit-remaining')).toBe(String(hour - 1))
    expect(Number(first?.get('x-ratelimit-reset'))).toBeCloseTo(nowMs / 1_000 + 3_600, -1)
    expect(first?.get('ratelimit-policy')).toBe(`"hour";q=${hour};w=3600, "burst";q=${burst};w=1`)
    expect(first?.get('ratelimit')).toMatch(new RegExp(`^"hour";r=${hour - 1};t=3[56]\\d\\d$`))
    // A slow machine may take longer than the second in which the burst counts.
    const refused = answers.filter(({ status }) => status === 429)
    for (const { headers, body } of refused) {
      expect(headers.get('retry-after')).toBe('1')
      expect(body).toEqual({ detail: expect.any(String), status_code: 429, error_code: 'RATE_LIMITED' })
    }
    expect(answers.slice(0, burst).every(({ status }) => status === 200)).toBe(true)
  })

  test('a burst that is refused does not count against the hour', async () => {
    const { get } = await api()
    const answers = await Promise.all(Array.from({ length: 30 }, () => get('/probe/etl/a', as('free'))))
    const [passed, refused] = [
      answers.filter(({ status }) => status === 200),
      answers.filter(({ status }) => status === 429),
    ]
    expect([passed.length, refused.length]).toEqual([10, 20])
    expect(refused.at(-1)?.headers.get('x-ratelimit-remaining')).toBe('90')
  })

  test('one principal does not use up what is another’s', async () => {
    const { get } = await api()
    await Promise.all(Array.from({ length: 30 }, () => get('/probe/etl/a', as('free'))))
    expect((await get('/probe/etl/a', as('free2'))).status).toBe(200)
  })
})

test('the allowance of the operator holds for those without a plan, and in dialects without plans', async () => {
  const { get, calls } = await api()
  const path = '/probe/service/a'
  for (const token of ['none', 'pro'] as const) {
    const headers = { ...as(token), 'x-tenant-id': tenantUuid }
    const answers = await Promise.all(Array.from({ length: 4 }, () => get(path, headers)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    expect(answers[3]?.body).toMatchObject({ title: 'RATE_LIMITED', status: 429, window: 'burst' })
  }
  expect(calls.filter(({ outcome }) => outcome === 'limited')).toHaveLength(2)
})
