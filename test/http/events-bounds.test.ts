import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { close } from '../../src/host/http-server.ts'
import { LiveStreams } from '../../src/http/native/events/live-streams.ts'
import { nowMs, openApi } from '../support/api.ts'
import { identityOf } from '../support/identities.ts'
import * as c from '../support/run-commands.ts'
import { sleep, until } from '../support/waiting.ts'
import { served } from './live.ts'

const host = { host: 'localhost:8000' }

const openWith = async (bounds: ConstructorParameters<typeof LiveStreams>[1], options = {}) => {
  const api = await openApi(options)
  api.services.live = new LiveStreams(api.feed, bounds)
  return { api, ...(await served(api)) }
}

describe('a stream where nothing happens', () => {
  test('has a comment every so often, also where all that happens is left out', async () => {
    const { api, open } = await openWith({ heartbeatMs: 150 })
    const reader = await open('/events?type=RunFailed')
    const next = reader.next()
    await until(() => reader.comments >= 2)
    const before = reader.comments
    for (const startedMs = performance.now(); performance.now() - startedMs < 600; ) {
      await api.post('/api/pipeline/trigger/flights', { batch_id: `b${performance.now()}` })
      await sleep(5)
    }
    expect(reader.comments).toBeGreaterThanOrEqual(before + 2)
    await reader.cancel()
    expect(await next).toBe(null)
  })
})

describe('who does not read', () => {
  /** A client that reads nothing but the headers, until it is told to go on. */
  const deaf = (url: string): Promise<ReturnType<typeof connect>> =>
    new Promise((resolve) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
        socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
      })
      socket.once('data', () => resolve(socket.pause()))
      onTestFinished(() => void socket.destroy())
    })

  test('holds up nobody, and lets nothing pile up', async () => {
    const { api, url, open } = await openWith({})
    const socket = await deaf(url)
    let asked = 0
    const { follow } = api.feed
    api.feed.follow = async function* (...args) {
      for await (const event of follow.apply(api.feed, args)) {
        asked += 1
        yield event
      }
    }
    const [slow, quick] = [await deaf(url), await open()]
    const from = api.ledger.all.length
    const worker = 'w'.repeat(300_000)
    const runs = 40
    for (let index = 0; index < runs; index += 1) await api.run(`r${index}`, { ...c.startRun(1), worker } as never)
    const told = await quick.take(api.ledger.all.length - from, 30_000)
    expect(told).toHaveLength(4 * runs)
    // 12 MB have been told; of it, the one who does not read has what fits into the buffers of two sockets.
    expect(asked).toBeLessThan(2 * told.length - runs)
    let bytes = 0
    slow.on('data', (chunk) => {
      bytes += chunk.length
    })
    slow.resume()
    await until(() => bytes > runs * worker.length, 20_000)
    expect(asked).toBe(2 * told.length)
    await quick.cancel()
    socket.destroy()
  }, 60_000)

  test('for long gives up its place', async () => {
    const { api, url } = await openWith({ stallMs: 50, heartbeatMs: 5 })
    const socket = await deaf(url)
    expect(api.services.live.size).toBe(1)
    const worker = 'w'.repeat(300_000)
    for (let index = 0; index < 100; index += 1) {
      await api.run(`r${index}`, { ...c.startRun(1), worker } as never)
      if (api.services.live.size === 0) break
    }
    await until(() => api.services.live.size === 0)
    const ended = new Promise((resolve) => socket.once('end', resolve))
    socket.resume()
    await ended
  }, 60_000)
})

describe('bounds', () => {
  const tokens = { alice: identityOf('alice'), bob: identityOf('bob') }
  const as = (token: keyof typeof tokens) => ({ authorization: `Bearer ${token}` })

  test('429 for more streams than one caller may have; another may', async () => {
    const { api, open } = await openWith({ perCallerMax: 2 }, { tokens })
    const first = await open('/events', as('alice'))
    const second = await open('/events', as('alice'))
    const { status, headers, body } = await api.get('/events', as('alice'))
    expect([status, headers.get('retry-after'), body.title, body.window]).toEqual([429, '5', 'RATE_LIMITED', 'streams'])
    await (await open('/events', as('bob'))).cancel()
    await first.cancel()
    await until(() => api.services.live.size === 1)
    await (await open('/events', as('alice'))).cancel()
    await second.cancel()
  })

  test('503 for more than the process bears, and again a place when one is left', async () => {
    const { api, open } = await openWith({ streamsMax: 1 }, { tokens })
    const reader = await open('/events', as('alice'))
    const { status, headers, body } = await api.get('/events', as('bob'))
    expect([status, headers.get('retry-after'), body.title]).toEqual([503, '5', 'UNAVAILABLE'])
    await reader.cancel()
    await until(() => api.services.live.size === 0)
    expect((await api.get('/events', as('bob'))).status).toBe(200)
  })
})

describe('a stream ends', () => {
  test('when the service stops, at once and between two events; no other is opened', async () => {
    const { api, open, server } = await openWith({})
    const reader = await open()
    await api.run('r1')
    await reader.take(3)
    const next = reader.next()
    const startedMs = performance.now()
    api.services.live.close()
    expect(await next).toBe(null)
    await close(server, 10_000)
    expect(performance.now() - startedMs).toBeLessThan(2_000)
    const { status, body } = await api.get('/events')
    expect([status, body.detail]).toEqual([503, 'the service stops'])
  })

  test('when its token does', async () => {
    const tokenOf = (exp: number) =>
      `head.${Buffer.from(JSON.stringify({ exp, sub: 'ä' })).toString('base64url')}.signature`
    const nowS = nowMs / 1_000
    // Clocks are allowed 30 s.
    const [short, long] = [tokenOf(nowS - 29.9), tokenOf(nowS + 3e9)]
    const { api, open } = await openWith({}, { tokens: { [short]: identityOf('a'), [long]: identityOf('a') } })
    const lasting = await open('/events', { authorization: `Bearer ${long}` })
    const ending = await open('/events', { authorization: `Bearer ${short}` })
    expect(await ending.next()).toBe(null)
    expect(api.services.live.size).toBe(1)
    await api.run('r1')
    expect(await lasting.take(1)).toHaveLength(1)
    await lasting.cancel()
  })

  test('when the views are too far behind to tell of which pipeline a run is, and not before they had time', async () => {
    let waits = 0
    const freshness = () => ({
      current: () => -1n,
      reach: async () => {
        waits += 1
        return false
      },
    })
    const { api, open } = await openWith({}, { freshness })
    const reader = await open('/events?pipeline=flights')
    // Of runs that the views do not have: they are written beside them.
    await api.pump.stop()
    await api.post('/api/pipeline/trigger/flights', { batch_id: 'B', run_id: 'r1' })
    await api.feed.handle(api.ledger.all.slice(-3))
    expect((await reader.take(2)).map(({ event }) => event)).toEqual(['PartitionClaimed', 'RunRequested'])
    expect(await reader.next()).toBe(null)
    expect(waits).toBe(60)
    expect(api.log.lines).toEqual(['error: a stream of events failed'])
    expect(api.services.live.size).toBe(0)
  })
})

test('a client that goes away leaves nothing behind', async () => {
  const { api, open } = await openWith({})
  for (let index = 0; index < 20; index += 1) await (await open()).cancel()
  await until(() => api.services.live.size === 0)
  const abandoned = await api.app.request('/events', { headers: host })
  expect(api.services.live.size).toBe(1)
  await abandoned.body?.cancel()
  expect(api.services.live.size).toBe(0)
})
