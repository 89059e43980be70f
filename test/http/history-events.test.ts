import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Role } from '../../src/auth/principal.ts'
import { openApi } from '../support/api.ts'
import { identityOf } from '../support/identities.ts'
import * as c from '../support/run-commands.ts'

interface Listed {
  type: string
  run: string | null
  pipeline: string | null
  actor: string
  summary: string
  position: string
}

const tokens = Object.fromEntries(
  (['viewer', 'operator', 'governance', 'auditor', 'tenant-admin', 'service'] as const).map((role: Role) => [
    role,
    identityOf(role, { roles: [role] }),
  ]),
)

const eventsIn = (body: Record<string, unknown>): Listed[] => body.events as Listed[]
/** What does not change with the word that a position is told by. */
const told = (body: Record<string, unknown>) => eventsIn(body).map(({ position: _, ...event }) => event)

const worked = async () => {
  const api = await openApi({ tokens })
  await api.run('r1', c.startRun(1), c.failRun())
  await api.run('r2', c.startRun(1), c.cancelRun)
  return api
}

describe('GET /history/events', () => {
  test('200 tells what happened, in ledger order and in words', async () => {
    const { get } = await worked()
    const { status, body } = await get('/history/events?run=run_r1')
    expect([status, body.more]).toEqual([200, false])
    expect(eventsIn(body).map(({ type }) => type)).toEqual([
      'PartitionClaimed',
      'RunRequested',
      'RunQueued',
      'RunStarted',
      'StageFailed',
      'RunFailed',
    ])
    expect(eventsIn(body)[1]).toMatchObject({
      type: 'RunRequested',
      entity: 'run',
      entity_id: 'r1',
      pipeline: 'flights',
      run: 'r1',
      environment: 'dev',
      outcome: null,
      summary: expect.stringMatching(/^\S+ asked for a run of flights/),
    })
    expect(JSON.stringify(body)).not.toMatch(/sealed:|127\.0\.0\.1/)
  })

  test.each([
    ['type=RunFailed,RunCancelRequested', ['RunFailed', 'RunCancelRequested']],
    ['outcome=failed', ['StageFailed', 'RunFailed']],
    ['command=CancelRun', ['RunCancelRequested']],
    ['text=asked%20to%20CANCEL', ['RunCancelRequested']],
    ['pipeline=weather', ['PipelineCreated']],
    ['environment=prod', []],
    ['actor=nobody', []],
    ['run=r2&type=RunStarted', ['RunStarted']],
    ['from=2026-01-03', []],
    ['to=2026-01-02', []],
  ])('200 by %s', async (query, types) => {
    const { get } = await worked()
    const { status, body } = await get(`/history/events?${query}`)
    expect([status, eventsIn(body).map(({ type }) => type)]).toEqual([200, types])
  })

  test.each([
    ['type=RunFaild', "type: 'RunFaild' is no type of events"],
    ['outcome=bad', 'outcome: must be one of succeeded, failed, canceled, rejected'],
    ['limit=1001', 'limit: must be a whole number from 1 to 1000'],
    ['limit=0', 'limit: must be a whole number from 1 to 1000, of an export to 100000'],
    ['from=2026-01-02&to=2026-01-01', 'to: must be later than from'],
    ['limit=1&limit=2', 'limit: given more than once'],
    ['cursor=abc', 'cursor is none that was given out here'],
    ['as_of=yesterday', 'as_of: must be a date, an ISO 8601 time or a Ledger-Position'],
    ['as_of=2999-01-01', 'as_of: must not be in the future'],
    ['as_of=AAAAAAAAAAAAAAAAAAAAAA', 'as_of is none that was given out here'],
    ['from=soon', 'from: must be a date or an ISO 8601 time'],
    ['format=xml', 'format: must be one of json, csv, ndjson, ocsf'],
    ['pipeline=A%20B', 'pipeline: must be the name of a pipeline'],
    ['text=', 'text: must not be empty'],
    ['colour=red', 'colour: unknown field'],
  ])('400 for %s', async (query, detail) => {
    const { get } = await worked()
    const { status, body } = await get(`/history/events?${query}`)
    expect([status, body.detail]).toEqual([400, expect.stringContaining(detail)])
  })

  test('403 for a service, and of webhooks for who may not read them', async () => {
    const { get } = await worked()
    const as = (role: string, query = '') => get(`/history/events${query}`, { authorization: `Bearer ${role}` })
    expect((await as('service')).status).toBe(403)
    expect((await as('viewer', '?type=DeliveryAttempted')).body.detail).toBe(
      'no policy lets you do this (ReadWebhooks)',
    )
    expect((await as('auditor', '?type=DeliveryAttempted')).status).toBe(200)
  })

  test('a viewer is told nothing of webhooks', async () => {
    const { get, post, pump } = await worked()
    await post('/api/pipeline/webhooks', { url: 'https://secret.example/', events: ['SUCCESS'] })
    await pump.settled()
    const about = async (role: string) =>
      eventsIn((await get('/history/events?limit=1000', { authorization: `Bearer ${role}` })).body)
    expect((await about('viewer')).filter(({ type }) => type.startsWith('Webhook'))).toEqual([])
    const known = (await about('auditor')).filter(({ type }) => type.startsWith('Webhook'))
    expect(known.map(({ type }) => type)).toEqual(['WebhookRegistered'])
    expect(JSON.stringify(known)).not.toContain('secret.example')
  })

  test('an auditor finds a person by name; a viewer does not', async () => {
    const { get, post, pump } = await worked()
    await post('/api/pipeline/trigger/flights', { batch_id: 'B9', run_id: 'r9' }, { authorization: 'Bearer operator' })
    await pump.settled()
    const found = async (role: string) =>
      eventsIn((await get('/history/events?actor=operator%20the%20caller', { authorization: `Bearer ${role}` })).body)
    expect((await found('auditor')).some(({ run }) => run === 'r9')).toBe(true)
    expect(await found('viewer')).toEqual([])
  })
})

describe('pages', () => {
  test('of any length, while more happens, come to each event once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), async (limits) => {
        const { get, run } = await worked()
        const seen: object[] = []
        let cursor = ''
        for (let turn = 0, more = true; more || turn < 4; turn += 1) {
          if (turn < 4) await run(`more-${turn}`, c.startRun(1))
          const { body } = await get(`/history/events?limit=${limits[turn % limits.length]}${cursor}`)
          seen.push(...told(body))
          more = body.more === true
          cursor = `&cursor=${body.next}`
        }
        expect(seen).toEqual(told((await get('/history/events?limit=1000')).body))
        expect(seen.length).toBeGreaterThan(20)
      }),
      { numRuns: 8 },
    )
  }, 60_000)

  test('an answer as of a position or after an event is the one that was given then', async () => {
    const { get, run } = await worked()
    const path = '/history/events?limit=1000&type=RunRequested,RunStarted'
    const answers: { asOf: string; events: object[] }[] = []
    for (const id of ['a', 'b', 'c']) {
      const { body } = await get(path)
      answers.push({ asOf: String(body.as_of), events: told(body) })
      await run(id, c.startRun(1))
    }
    for (const { asOf, events } of answers) expect(told((await get(`${path}&as_of=${asOf}`)).body)).toEqual(events)
    const all = eventsIn((await get(path)).body)
    const third = await get(`${path}&as_of=${all[2]?.position}`)
    expect(told(third.body)).toEqual(told({ events: all.slice(0, 3) }))
    expect(new Set(answers.map(({ events }) => events.length)).size).toBe(3)
  })

  test('as of a time before everything there is nothing, and as of now all', async () => {
    const { get } = await worked()
    expect(eventsIn((await get('/history/events?as_of=2026-01-02T03:04:05.677Z')).body)).toEqual([])
    const now = told((await get('/history/events?as_of=2026-01-02T03:04:05.678Z')).body)
    expect(now).toEqual(told((await get('/history/events')).body))
    expect(now.length).toBeGreaterThan(5)
  })

  test('503 as of what the views have not reached', async () => {
    const { get } = await openApi({ freshness: () => ({ current: () => -1n, reach: async (at) => at < 0n }) })
    const { status, headers, body } = await get('/history/events?as_of=2026-01-02T03:04:05.678Z')
    expect([status, headers.get('retry-after'), body.title]).toEqual([503, '1', 'VIEWS_BEHIND'])
  })
})
