import { describe, expect, test } from 'vitest'
import { webhooks } from '../../src/app/aggregates.ts'
import { CallRecorder } from '../../src/app/call-recorder.ts'
import { cloudEventOf } from '../../src/app/cloud-events.ts'
import { nowMs, openApi } from '../support/api.ts'
import { contextOf } from '../support/contexts.ts'
import { sealedText } from '../support/events.ts'
import { identityOf } from '../support/identities.ts'
import { tenant } from '../support/ids.ts'
import * as c from '../support/run-commands.ts'
import { SseReader } from '../support/sse.ts'

type Api = Awaited<ReturnType<typeof openApi>>

const open = async ({ app }: Api, path = '/events', headers: Record<string, string> = {}) =>
  new SseReader(await app.request(path, { headers: { host: 'localhost:8000', ...headers } }))

/** A position from before everything. */
const start = ({ services }: Api): string => services.reads.positions.seal(-1n)

/** Types and subjects of all events up to the run `last`, which is requested for that. */
const all = async (api: Api, query: string, headers: Record<string, string> = {}) => {
  const reader = await open(api, `/events?after=${start(api)}&${query}`, headers)
  const told: string[] = []
  const ends = 'RunQueued last'
  for (let message = await reader.next(); message; message = await reader.next()) {
    const { event, data } = message
    if (`${event} ${data.subject}` === ends) break
    told.push(`${event} ${data.subject}`)
  }
  await reader.cancel()
  return told
}

describe('GET /events', () => {
  test('tells what happens from now on, in the order of the ledger, as CloudEvents', async () => {
    const api = await openApi()
    await api.run('before')
    const reader = await open(api)
    const from = api.ledger.all.length
    await api.run('r1', c.startRun(1))
    const expected = api.ledger.all.slice(from).flatMap((event) => cloudEventOf(event)?.cloudEvent ?? [])
    expect(expected.map(({ type }) => type)).toEqual([
      'ledgerline.partition.PartitionClaimed',
      'ledgerline.run.RunRequested',
      'ledgerline.run.RunQueued',
      'ledgerline.run.RunStarted',
    ])
    const told = await reader.take(expected.length)
    expect(told.map(({ data }) => data)).toEqual(expected)
    expect(told.map(({ event }) => event)).toEqual(expected.map(({ type }) => type.split('.')[2]))
    expect(new Set(told.map(({ id }) => id)).size).toBe(expected.length)
    await reader.cancel()
  })

  test('answers at once, with the headers of a stream and of every answer', async () => {
    const { app } = await openApi()
    const response = await app.request('/events', { headers: { host: 'localhost', 'x-request-id': 'r-1' } })
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-request-id': 'r-1',
      'x-content-type-options': 'nosniff',
      'ledger-position': expect.stringMatching(/^[\w-]{22}$/),
      'x-ratelimit-limit': expect.any(String),
    })
    await response.body?.cancel()
  })

  test('is recorded when it is opened, durably before its first byte', async () => {
    const api = await openApi()
    const order: string[] = []
    api.services.calls = {
      record: (_, call) => void order.push(`${call.route} ${call.status} ${JSON.stringify(call.query)}`),
      durable: async () => BigInt(order.push('durable')),
      keepsUp: async () => true,
    }
    const response = await api.app.request('/events?entity=run', { headers: { host: 'localhost' } })
    expect(order).toEqual(['/events 200 {"entity":"run"}', 'durable'])
    await response.body?.cancel()
  })

  test('503 where the record cannot be made, and no place is kept for what nobody reads', async () => {
    const api = await openApi()
    api.services.calls = {
      record: () => undefined,
      durable: () => new Promise(() => undefined),
      keepsUp: async () => true,
    }
    const { status } = await api.get('/events')
    expect([status, api.services.live.size]).toEqual([503, 0])
  }, 10_000)

  test('a HEAD has the headers and keeps no place', async () => {
    const { app, services } = await openApi()
    const response = await app.request('/events', { method: 'HEAD', headers: { host: 'localhost' } })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    expect([await response.text(), services.live.size]).toEqual(['', 0])
  })

  test('503 where the ledger does not answer', async () => {
    const api = await openApi()
    api.ledger.isDown = true
    const { status, headers, body } = await api.get('/events')
    expect([status, headers.get('retry-after'), body.title]).toEqual([503, '5', 'LEDGER_UNAVAILABLE'])
  })
})

describe('what is wanted', () => {
  const world = async () => {
    const tokens = { alice: identityOf('alice'), vera: identityOf('vera', { roles: ['viewer'] }) }
    const api = await openApi({ tokens })
    const recorder = new CallRecorder({ commands: api.commands, log: api.log, replica: 'box', nowMs: () => nowMs })
    api.services.calls = recorder
    await api.get('/api/pipeline/runs', { authorization: 'Bearer alice' })
    await recorder.durable(tenant)
    await api.post('/api/pipeline/trigger/weather', { batch_id: 'W', run_id: 'rain' })
    await api.run('r1', c.startRun(1))
    const registered = { url: 'https://receiver.example/', events: ['SUCCESS'] as const, pipelines: null }
    const command = { type: 'RegisterWebhook' as const, webhookId: 'w1', ...registered, secret: sealedText() }
    await api.commands.handle(webhooks, 'w1', command, contextOf())
    await api.run('last')
    return api
  }

  test('everything, without a filter, and nothing of what stays inside', async () => {
    const api = await world()
    const told = await all(api, '')
    const categories = api.ledger.all.map(({ stream }) => stream.split('-')[0])
    expect(new Set(categories)).toContain('access')
    expect(new Set(categories)).toContain('subject')
    const published = api.ledger.all.filter((event) => cloudEventOf(event) !== null)
    expect(told).toEqual(published.slice(0, -1).map(({ type, stream }) => `${type} ${stream.split(`${tenant}.`)[1]}`))
    expect(told).toContain('WebhookRegistered w1')
  })

  test('by entity', async () => {
    const told = await all(await world(), 'entity=webhook,run')
    expect(told).toEqual([
      'RunRequested rain',
      'RunQueued rain',
      'RunRequested r1',
      'RunQueued r1',
      'RunStarted r1',
      'WebhookRegistered w1',
      'RunRequested last',
    ])
  })

  test('by type', async () => {
    expect(await all(await world(), 'type=RunStarted,RunQueued')).toEqual([
      'RunQueued rain',
      'RunQueued r1',
      'RunStarted r1',
    ])
  })

  test.each(['run=r1', 'run=run_r1'])('by run: %s', async (query) => {
    const api = await world()
    const reader = await open(api, `/events?after=${start(api)}&${query}`)
    expect((await reader.take(3)).map(({ event, data }) => `${event} ${data.subject}`)).toEqual([
      'RunRequested r1',
      'RunQueued r1',
      'RunStarted r1',
    ])
    await reader.cancel()
  })

  test('by pipeline: itself, its partitions and its runs', async () => {
    const told = await all(await world(), 'pipeline=flights')
    const id = /PipelineCreated (\S+)/.exec(told[0] ?? '')?.[1]
    expect(told).toEqual([
      `PipelineCreated ${id}`,
      `PartitionClaimed ${id}.B-r1`,
      'RunRequested r1',
      'RunQueued r1',
      'RunStarted r1',
      `PartitionClaimed ${id}.B-last`,
      'RunRequested last',
    ])
  })

  test('of webhooks only for those who may read them', async () => {
    const api = await world()
    const viewer = { authorization: 'Bearer vera' }
    expect((await all(api, '', viewer)).filter((each) => each.startsWith('Webhook'))).toEqual([])
    for (const query of ['entity=webhook', 'entity=run,delivery', 'type=WebhookRegistered']) {
      const { status, body } = await api.get(`/events?${query}`, viewer)
      expect([status, body.detail], query).toEqual([403, 'no policy lets you do this (ReadWebhooks)'])
    }
    expect(await all(api, 'type=WebhookRegistered,RunQueued', { authorization: 'Bearer alice' })).toContain(
      'WebhookRegistered w1',
    )
  })

  test.each([
    ['entity=lease', 'entity', "entity: 'lease' is no entity; there are pipeline, run, partition, "],
    ['entity=', 'entity', "entity: '' is no entity; there are "],
    ['entity=run,', 'entity', "entity: '' is no entity; there are "],
    ['type=RunStared', 'type', "type: 'RunStared' is no type of events; there are PipelineCreated, "],
    ['type=ApiCallsRecorded', 'type', "type: 'ApiCallsRecorded' is no type of events; there are "],
    ['pipeline=No%20Name', 'pipeline', 'pipeline: must be the name of a pipeline'],
    ['run=run_', 'run', 'run: must be the id of a run'],
    ['entity=webhook&run=r1', 'entity', 'entity: no event is all that is asked for'],
    ['entity=delivery&pipeline=flights', 'entity', 'entity: no event is all that is asked for'],
    ['type=PipelineCreated&run=r1', 'type', 'type: no event is all that is asked for'],
    ['entity=run&type=PipelineCreated', 'entity', 'entity: no event is all that is asked for'],
    ['after=7', 'after', 'after is none that was given out here'],
    ['after=', 'after', 'after is none that was given out here'],
    ['since=1', 'since', 'since: unknown field'],
  ])('400 for %s names the field and the reason', async (query, field, said) => {
    const { get, services } = await openApi()
    const { status, body } = await get(`/events?${query}`)
    expect([status, body.field, services.live.size]).toEqual([400, field, 0])
    expect(body.detail).toContain(said)
  })
})
