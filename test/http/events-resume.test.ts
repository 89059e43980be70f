import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cloudEventOf } from '../../src/app/cloud-events.ts'
import { openApi } from '../support/api.ts'
import * as c from '../support/run-commands.ts'
import { sleep, until } from '../support/waiting.ts'
import { served } from './live.ts'

type Api = Awaited<ReturnType<typeof openApi>>

/** Ids of what is published of a ledger, in its order. */
const published = ({ ledger }: Api, from = 0): string[] =>
  ledger.all.slice(from).flatMap((event) => cloudEventOf(event)?.cloudEvent.id ?? [])

describe('who was cut off', () => {
  test('resumes right after the last event, by header or query; the header wins', async () => {
    const api = await openApi()
    const { open } = await served(api)
    const first = await open()
    const from = api.ledger.all.length
    await api.run('r1', c.startRun(1))
    const [one, two] = await first.take(2)
    await first.cancel()
    const rest = published(api, from)
    for (const [path, headers, begins] of [
      ['/events', { 'last-event-id': two?.id ?? '' }, 2],
      [`/events?after=${one?.id}`, {}, 1],
      [`/events?after=${one?.id}`, { 'last-event-id': two?.id ?? '' }, 2],
    ] as const) {
      const again = await open(path, headers)
      expect((await again.take(4 - begins)).map(({ data }) => data.id)).toEqual(rest.slice(begins))
      await again.cancel()
    }
  })

  test('before the first event resumes where it began: nothing that happened meanwhile is lost', async () => {
    const api = await openApi()
    const { open } = await served(api)
    const reader = await open()
    const opened = reader.lastEventId
    const opening = reader.next()
    await until(() => reader.lastEventId !== opened)
    await reader.cancel()
    expect(await opening).toBe(null)
    expect(reader.retryMs).toBe(1_000)
    const from = api.ledger.all.length
    await api.run('meanwhile')
    const again = await open('/events', { 'last-event-id': reader.lastEventId })
    expect((await again.take(3)).map(({ data }) => data.id)).toEqual(published(api, from))
    await again.cancel()
  })

  test('may begin with what its own command answered, and read what an event tells of', async () => {
    const api = await openApi()
    const { open } = await served(api)
    const { headers } = await api.post('/api/pipeline/trigger/flights', { batch_id: 'B', run_id: 'r1' })
    const reader = await open(`/events?after=${headers.get('ledger-position')}`)
    await api.say('r1', c.startRun(1))
    const [message] = await reader.take(1)
    expect(message?.event).toBe('RunStarted')
    await reader.cancel()
    const read = await api.get('/api/pipeline/status/r1', { 'ledger-position': message?.id ?? '' })
    expect([read.status, read.body.status]).toEqual([200, 'STARTED'])
  })

  test.each(['x', '', 'a'.repeat(22), '7'])('with an id of nobody gets 400 that names the header: %s', async (id) => {
    const { get } = await openApi()
    const { status, body } = await get('/events', { 'last-event-id': id })
    expect([status, body.field]).toEqual([400, 'Last-Event-ID'])
  })

  test('by a ledger that was put back to an earlier state is told so', async () => {
    const { get, services, ledger } = await openApi()
    const beyond = services.reads.positions.seal((await ledger.head()) + 1n)
    const { status, body } = await get('/events', { 'last-event-id': beyond })
    expect([status, body.field, body.detail]).toEqual([
      400,
      'Last-Event-ID',
      expect.stringContaining('beyond the end of the ledger'),
    ])
  })
})

test('wherever a client is cut off while events are appended, it gets every event once, in order', async () => {
  let cuts = 0
  const story = fc.record({
    /** How many events are read before each cut. */
    reads: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 8 }),
    /** Runs that are requested, each after a pause in ms. */
    pauses: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 12 }),
    /** How many of the newest events are held in memory. */
    held: fc.constantFrom(1, 4, 4_096),
  })
  await fc.assert(
    fc.asyncProperty(story, async ({ reads, pauses, held }) => {
      const api = await openApi({ recentEvents: held })
      const { open } = await served(api)
      const from = api.ledger.all.length
      let reader = await open()
      const writing = (async () => {
        for (const [index, pauseMs] of pauses.entries()) {
          await api.run(`r${index}`)
          await sleep(pauseMs)
        }
      })()
      const told: string[] = []
      const read = async (count: number) => {
        const left = pauses.length * 3 - told.length
        const messages = await reader.take(Math.min(count, left))
        told.push(...messages.map(({ data }) => data.id))
      }
      for (const count of reads) {
        await read(count)
        await reader.cancel()
        // What was sent and never read is not known to the client.
        reader = await open('/events', { 'last-event-id': reader.lastEventId })
        cuts += 1
      }
      await writing
      await read(1_000)
      expect(told).toEqual(published(api, from))
      await reader.cancel()
    }),
    { numRuns: 25 },
  )
  expect(cuts).toBeGreaterThan(50)
}, 120_000)
