import { describe, expect, test } from 'vitest'
import { LiveStreams } from '../../src/http/native/events/live-streams.ts'
import { nowMs, openApi } from '../support/api.ts'
import { lineAt, logLines } from '../support/logging.ts'
import * as c from '../support/run-commands.ts'
import { SseReader } from '../support/sse.ts'
import { sleep, until } from '../support/waiting.ts'
import { served } from './live.ts'

type Api = Awaited<ReturnType<typeof openApi>>

const host = { host: 'localhost:8000' }

const follow = async ({ app }: Api, query = '', headers: Record<string, string> = {}) =>
  new SseReader(await app.request(`/pipelines/runs/r1/logs?follow=true${query}`, { headers: { ...host, ...headers } }))

const opened = async (messages: readonly string[] = ['one', 'two']) => {
  const api = await openApi()
  await api.run('r1', c.startRun(1))
  const say = (...said: string[]) =>
    logLines(
      api.commands,
      'r1',
      said.map((message, index) => lineAt(index, message)),
    )
  await say(...messages)
  return { api, say }
}

const messageOf = ({ event, data }: { event: string; data: unknown }): string =>
  event === 'line' ? (data as { message: string }).message : `${event} ${JSON.stringify(data)}`

/** All that a stream says until it ends. */
const restOf = async (reader: SseReader): Promise<string[]> => {
  const told: string[] = []
  for (let message = await reader.next(); message; message = await reader.next()) told.push(messageOf(message))
  return told
}

const finish = [c.startStage('extract'), c.completeStage('extract'), c.startStage('load'), c.completeStage('load')]
const succeed = (api: Api) => api.say('r1', ...finish, c.commitOutputs(), c.succeedRun())
const end = 'end {"run_id":"r1","status":"succeeded"}'

describe('following a run', () => {
  test('has the lines so far, then those to come, and ends when the run has ended and has said its last', async () => {
    const { api, say } = await opened()
    const reader = await follow(api)
    expect((await reader.take(2)).map(messageOf)).toEqual(['one', 'two'])
    await say('three')
    expect((await reader.take(1)).map(messageOf)).toEqual(['three'])
    const rest = restOf(reader)
    await succeed(api)
    await sleep(600)
    await logLines(api.commands, 'r1', [lineAt(9, 'last')], { isEnd: true })
    expect(await rest).toEqual(['last', end])
    await until(() => api.services.live.size === 0)
  })

  test('that has ended long since has all lines and the end, also where no attempt has said that it was the last', async () => {
    const { api } = await opened()
    await succeed(api)
    api.services.nowMs = () => nowMs + 120_000
    expect(await restOf(await follow(api))).toEqual(['one', 'two', end])
  })

  test('whose last attempt still has to speak is not ended by the end of an earlier one', async () => {
    const { api } = await opened([])
    await logLines(api.commands, 'r1', [lineAt(1, 'first attempt')], { isEnd: true })
    await api.say('r1', c.pauseRun, c.resumeRun, c.startRun(2))
    const reader = await follow(api)
    const told = restOf(reader)
    await api.say('r1', c.failRun({ attempt: 2, retryable: false }))
    await sleep(600)
    await logLines(api.commands, 'r1', [lineAt(2, 'second attempt')], { attempt: 2, isEnd: true })
    expect(await told).toEqual(['first attempt', 'second attempt', 'end {"run_id":"r1","status":"failed"}'])
  })

  test('filters, and resumes after any line, by Last-Event-ID or by cursor', async () => {
    const { api, say } = await opened(['a1', 'b1', 'a2', 'b2'])
    await say('a3', 'b3')
    await logLines(api.commands, 'r1', [lineAt(9, 'a4')], { isEnd: true })
    await succeed(api)
    const all = await (await follow(api, '&text=a')).take(4)
    expect(all.map(messageOf)).toEqual(['a1', 'a2', 'a3', 'a4'])
    for (const [index, { id }] of all.entries()) {
      const left = [...['a2', 'a3', 'a4'].slice(index), end]
      expect(await restOf(await follow(api, '&text=a', { 'last-event-id': id }))).toEqual(left)
      expect(await restOf(await follow(api, `&text=a&cursor=${id}`))).toEqual(left)
    }
  })

  test('goes on where a page ended', async () => {
    const { api, say } = await opened(['a', 'b', 'c'])
    const { body } = await api.get('/pipelines/runs/r1/logs?limit=2')
    const reader = await follow(api, `&cursor=${body.next}`)
    await say('d')
    expect((await reader.take(2)).map(messageOf)).toEqual(['c', 'd'])
    await reader.cancel()
  })

  test('of many lines tells each once', async () => {
    const { api, say } = await opened([])
    for (let index = 0; index < 200; index += 1) await say(`${index}`)
    const reader = await follow(api)
    const said = (async () => {
      for (let index = 200; index < 300; index += 1) await say(`${index}`)
    })()
    expect((await reader.take(300)).map(messageOf)).toEqual(Array.from({ length: 300 }, (_, index) => `${index}`))
    await said
    await reader.cancel()
  })

  test('a stream whose ledger is lost ends, to be taken up again', async () => {
    const { api } = await opened()
    api.services.streams.followStream = async function* () {
      yield* []
      throw new Error('the connection is lost')
    }
    expect(await restOf(await follow(api))).toEqual(['one', 'two'])
    expect(api.log.lines).toContain('error: a stream of log lines failed')
  })

  test.each(['abc', '1', '-1.0', '1.2.3'])('400 for the Last-Event-ID %s', async (id) => {
    const { api } = await opened()
    const { status, body } = await api.get('/pipelines/runs/r1/logs?follow=true', { 'last-event-id': id })
    expect([status, body.field]).toEqual([400, 'Last-Event-ID'])
  })
})

describe('a stream of lines', () => {
  test('is one of the streams that a process and a caller may have', async () => {
    const { api } = await opened()
    api.services.live = new LiveStreams(api.feed, { perCallerMax: 1 })
    const reader = await follow(api)
    const { status, headers, body } = await api.get('/pipelines/runs/r1/logs?follow=true')
    expect([status, headers.get('retry-after'), body.title]).toEqual([429, '5', 'RATE_LIMITED'])
    expect((await api.get('/pipelines/runs/r1/logs')).status).toBe(200)
    await reader.cancel()
    await until(() => api.services.live.size === 0)
  })

  test('has a comment where nothing is said, and ends when the service stops', async () => {
    const { api } = await opened()
    api.services.live = new LiveStreams(api.feed, { heartbeatMs: 100 })
    const { open } = await served(api)
    const reader = await open('/pipelines/runs/r1/logs?follow=true')
    await reader.take(2)
    const rest = restOf(reader)
    await until(() => reader.comments >= 2)
    api.services.live.close()
    expect(await rest).toEqual([])
  })

  test('says that it is one, and where to resume before its first line', async () => {
    const { api } = await opened([])
    const response = await api.app.request('/pipelines/runs/r1/logs?follow=true', { headers: host })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    const reader = new SseReader(response)
    const first = reader.next()
    await until(() => reader.lastEventId === '0.0')
    await reader.cancel()
    await first
  })
})
