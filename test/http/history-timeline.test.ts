import { describe, expect, test } from 'vitest'
import { deliveries } from '../../src/app/aggregates.ts'
import { openApi } from '../support/api.ts'
import { contextOf } from '../support/contexts.ts'
import { identityOf } from '../support/identities.ts'
import { runOf } from '../support/ids.ts'
import * as c from '../support/run-commands.ts'

interface Told {
  n: number
  type: string
  caused_by: number | null
  depth: number
  offset_ms: number
  summary: string
  event_id: string
}

const tokens = { viewer: identityOf('viewer', { roles: ['viewer'] }) }
const told = (body: Record<string, unknown>) => body.events as Told[]

const world = async () => {
  const api = await openApi({ tokens })
  await api.run('r1', c.startRun(1), c.failRun())
  const { body } = await api.get('/history/runs/r1/timeline')
  const failed = told(body).find(({ type }) => type === 'RunFailed')
  const context = contextOf({ causationId: failed?.event_id ?? '' })
  const scheduled = { deliveryId: 'd1', webhookId: 'w1', runId: runOf('r1'), body: {} }
  await api.commands.handle(deliveries, 'd1', { type: 'ScheduleDelivery', ...scheduled, dueAt: context.at }, context)
  await api.pump.settled()
  return api
}

describe('GET /history/runs/{run_id}/timeline', () => {
  test.each(['r1', 'run_r1', 'exec-r1'])('200 tells what led to what, asked for as %s', async (id) => {
    const { get } = await world()
    const { status, body } = await get(`/history/runs/${id}/timeline`)
    expect([status, body.run_id, body.more]).toEqual([200, 'r1', false])
    const events = told(body)
    const failed = events.find(({ type }) => type === 'RunFailed')?.n
    expect(events.map(({ n, type }) => [n, type])).toEqual([
      [1, 'PartitionClaimed'],
      [2, 'RunRequested'],
      [3, 'RunQueued'],
      [4, 'RunStarted'],
      [5, 'StageFailed'],
      [6, 'RunFailed'],
      [7, 'DeliveryScheduled'],
    ])
    expect(events.at(-1)).toMatchObject({ caused_by: failed, depth: 1, offset_ms: 0 })
    expect(events[1]).toMatchObject({ caused_by: null, depth: 0, summary: expect.stringContaining('asked for a run') })
  })

  test('404 of a run that there is not, and as of a time before it', async () => {
    const { get } = await world()
    const { status, body } = await get('/history/runs/nothing/timeline')
    expect([status, body.detail]).toEqual([404, "run 'nothing' not found"])
    expect((await get('/history/runs/r1/timeline?as_of=2026-01-01')).status).toBe(404)
  })

  test('as of an earlier answer tells what was told then', async () => {
    const api = await openApi()
    await api.run('r1', c.startRun(1))
    const before = await api.get('/history/runs/r1/timeline')
    await api.say('r1', c.failRun())
    const again = await api.get(`/history/runs/r1/timeline?as_of=${before.body.as_of}`)
    const now = await api.get('/history/runs/r1/timeline')
    expect(told(now.body).length).toBeGreaterThan(told(before.body).length)
    expect(told(again.body)).toEqual(told(before.body))
  })

  test('tells a viewer nothing of messages', async () => {
    const { get } = await world()
    const { body } = await get('/history/runs/r1/timeline', { authorization: 'Bearer viewer' })
    expect(told(body).map(({ type }) => type)).not.toContain('DeliveryScheduled')
    expect(told(body)).toHaveLength(6)
  })
})
