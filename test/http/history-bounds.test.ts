import { describe, expect, test } from 'vitest'
import { deliveries, runs } from '../../src/app/aggregates.ts'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { nowMs, openApi } from '../support/api.ts'
import { contextOf } from '../support/contexts.ts'
import { identityOf } from '../support/identities.ts'
import { runOf } from '../support/ids.ts'
import * as c from '../support/run-commands.ts'

interface Listed {
  type: string
  run: string | null
  pipeline: string | null
  on_behalf_of: string | null
}

const tokens = {
  viewer: identityOf('viewer', { roles: ['viewer'] }),
  auditor: identityOf('auditor', { roles: ['auditor'] }),
  greta: identityOf('greta', { roles: ['governance'] }),
}

const opened = async () => {
  const api = await openApi({ tokens })
  await api.run('r1', c.startRun(1), c.failRun())
  await api.run('r2', c.startRun(1))
  const ask = async (query: string, who?: keyof typeof tokens) => {
    const headers: Record<string, string> = who ? { authorization: `Bearer ${who}` } : {}
    const { status, body } = await api.get(`/history/events?${query}`, headers)
    return { status, body, events: (body.events ?? []) as Listed[] }
  }
  const text = async (query: string): Promise<string> =>
    (await api.app.request(`/history/events?${query}`, { headers: { host: 'localhost:8000' } })).text()
  const lines = async (query: string) =>
    (await text(`format=ndjson&${query}`))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
  return { ...api, ask, text, lines }
}

const types = (events: readonly Listed[]) => events.map(({ type }) => type)
const at = (ms: number) => new Date(nowMs + ms).toISOString()

describe('a page', () => {
  test('has as many events as its limit, and says that there are more', async () => {
    const { ask } = await opened()
    const all = await ask('limit=1000')
    const page = await ask('limit=3')
    expect(page.events).toHaveLength(3)
    expect([page.body.more, all.body.more]).toEqual([true, false])
    const next = await ask(`limit=1000&cursor=${page.body.next}`)
    expect(types([...page.events, ...next.events])).toEqual(types(all.events))
    expect((await ask(`limit=${all.events.length}`)).events).toHaveLength(all.events.length)
  })

  test('has 100 events where no limit is given', async () => {
    const { ask, run } = await opened()
    for (let n = 0; n < 30; n += 1) await run(`more-${n}`, c.startRun(1))
    const { events, body } = await ask('')
    expect([events.length, body.more]).toEqual([100, true])
  })
})

test.each([
  ['from', 0, true],
  ['from', 1, false],
  ['to', 0, false],
  ['to', 1, true],
] as const)('%s and %i ms after the events: they are there: %s', async (bound, ms, isThere) => {
  const { ask } = await opened()
  const { events } = await ask(`${bound}=${at(ms)}`)
  expect(events.length > 0).toBe(isThere)
})

test('as_of says where the ledger stood, whatever the page was bounded by', async () => {
  const { ask, run } = await opened()
  const { body, events } = await ask(`to=${at(0)}`)
  expect(events).toEqual([])
  const stood = await ask('limit=1000')
  await run('later', c.startRun(1))
  expect(types((await ask(`limit=1000&as_of=${body.as_of}`)).events)).toEqual(types(stood.events))
  expect((await ask('run=later')).events.length).toBeGreaterThan(0)
})

test('503 as of a position that the views have not reached, until they have', async () => {
  let reached = false
  const { get } = await openApi({ freshness: (real) => ({ ...real, current: () => 10n, reach: async () => reached }) })
  const { body } = await get('/history/events')
  const path = `/history/events?as_of=${body.as_of}`
  expect((await get(path)).status).toBe(503)
  reached = true
  expect((await get(path)).status).toBe(200)
})

describe('filters', () => {
  test('a pipeline has its runs, its claims and its own events, and no other has', async () => {
    const { ask } = await opened()
    const { events } = await ask('pipeline=flights&limit=1000')
    expect(types(events)).toEqual(expect.arrayContaining(['PipelineCreated', 'PartitionClaimed', 'RunRequested']))
    expect(new Set(events.map(({ pipeline }) => pipeline))).toEqual(new Set(['flights']))
  })

  test('a run has its own events and its claim, with or without a prefix', async () => {
    const { ask } = await opened()
    const own = await ask('run=r2')
    expect(types(own.events)).toEqual(['PartitionClaimed', 'RunRequested', 'RunQueued', 'RunStarted'])
    expect((await ask('run=run_r2')).events).toHaveLength(4)
    expect((await ask('run=exec-r2')).events).toHaveLength(4)
    expect((await ask('run=r')).events).toEqual([])
  })

  test('an actor is who did it, and on whose behalf', async () => {
    const { ask, commands, pump } = await opened()
    const actor = { ...contextOf().actor, pseudonym: 'agent', onBehalfOf: 'carol' }
    const command = { ...c.cancelRun, runId: runOf('r2') } as RunCommand
    await commands.handle(runs, runOf('r2'), command, contextOf({ actor }))
    await pump.settled()
    for (const query of ['actor=agent', 'actor=carol']) {
      const { events } = await ask(query)
      expect(events).toMatchObject([{ type: 'RunCancelRequested', on_behalf_of: 'carol' }])
    }
    expect((await ask('actor=alice')).events.length).toBeGreaterThan(1)
    expect((await ask('actor=ali')).events).toEqual([])
  })

  test('text is part of the sentence, with capitals or without', async () => {
    const { ask } = await opened()
    const { events } = await ask('text=OF%20FLIGHTS')
    expect(types(events)).toEqual(['RunRequested', 'RunRequested'])
    expect((await ask('text=of%25flights')).events).toEqual([])
  })

  test('an outcome is that of the event, where its type may have either', async () => {
    const { ask, commands, pump } = await opened()
    const context = contextOf()
    const scheduled = { deliveryId: 'd1', webhookId: 'w1', runId: runOf('r1'), body: {}, dueAt: context.at }
    await commands.handle(deliveries, 'd1', { type: 'ScheduleDelivery', ...scheduled }, context)
    const told = { type: 'RecordAttempt', deliveryId: 'd1', durationMs: 1, error: null, response: null } as const
    const failed = { ...told, attempt: 1, outcome: 'failed', status: 500, nextAt: context.at } as const
    const delivered = { ...told, attempt: 2, outcome: 'delivered', status: 204, nextAt: null } as const
    for (const command of [failed, delivered]) await commands.handle(deliveries, 'd1', command, contextOf())
    await pump.settled()
    expect((await ask('type=DeliveryAttempted')).events).toHaveLength(2)
    expect((await ask('type=DeliveryAttempted&outcome=failed')).events).toMatchObject([{ outcome: 'failed' }])
    expect((await ask('type=DeliveryAttempted&outcome=succeeded')).events).toMatchObject([{ outcome: 'succeeded' }])
  })

  test('several hold together', async () => {
    const { ask } = await opened()
    expect(types((await ask('outcome=failed&run=r1&type=RunFailed')).events)).toEqual(['RunFailed'])
    expect((await ask('outcome=failed&run=r2')).events).toEqual([])
  })
})

describe('events of people', () => {
  test('are told to those who may read of erasures, and of no one else', async () => {
    const { ask, post, get, keys, pump } = await opened()
    await get('/api/pipeline/runs', { authorization: 'Bearer viewer' })
    await pump.settled()
    const { issuer, subject, tenants } = tokens.viewer
    const pseudonym = await keys.pseudonymOf({ issuer, subject: `${tenants[0]}/${subject}` })
    const held = await post(
      `/ledger/subjects/${pseudonym}/holds`,
      { reason: 'a dispute' },
      { authorization: 'Bearer greta' },
    )
    expect(held.status).toBeLessThan(300)
    await pump.settled()
    const hidden = (events: readonly Listed[]) => types(events).filter((type) => /^(Subject|LegalHold)/.test(type))
    expect(hidden((await ask('limit=1000', 'auditor')).events)).toContain('LegalHoldPlaced')
    expect(hidden((await ask('limit=1000', 'viewer')).events)).toEqual([])
    expect((await ask('type=LegalHoldPlaced', 'auditor')).events).toHaveLength(1)
    const refused = await ask('type=LegalHoldPlaced,RunFailed', 'viewer')
    expect([refused.status, refused.body.detail]).toEqual([403, 'no policy lets you do this (ReadSubjects)'])
  })
})

describe('an export', () => {
  test('has what the filters, the times and as_of leave, as a page has', async () => {
    const { lines, ask, run } = await opened()
    const failed = await lines('outcome=failed')
    expect(failed.map(({ type, record }) => type ?? record)).toEqual(['StageFailed', 'RunFailed', 'end'])
    expect((await lines(`to=${at(0)}`)).map(({ record }) => record)).toEqual(['end'])
    const { body, events } = await ask('limit=1000')
    await run('later', c.startRun(1))
    const then = await lines(`as_of=${body.as_of}`)
    expect(then.slice(0, -1).map(({ type }) => type)).toEqual(types(events))
    expect(then.at(-1)).toMatchObject({ more: false, events: events.length })
    expect(await lines(`as_of=${then.at(-1).as_of}`)).toHaveLength(then.length)
    const part = await lines('limit=2')
    expect(types((await ask(`limit=1000&as_of=${part.at(-1).as_of}`)).events)).toContain('PipelineCreated')
    expect(await lines(`as_of=${part.at(-1).as_of}`)).toHaveLength(events.length + 5)
    expect(part.map(({ record }) => record)).toEqual(['event', 'event', 'end'])
  })

  test.each(['csv', 'ndjson', 'ocsf'])(
    'in %s ends with a record that says so, also when it is long',
    async (format) => {
      const { text, run } = await opened()
      for (let n = 0; n < 255; n += 1) await run(`more-${n}`, c.startRun(1))
      const records = (await text(`format=${format}`)).trimEnd().split(/\r?\n/)
      const events = records.length - (format === 'csv' ? 2 : 1)
      expect(events).toBeGreaterThan(1_020)
      expect(records.at(-1)).toContain(`${events} events. These are all that fit.`)
    },
  )
})
