import { describe, expect, test } from 'vitest'
import { openApi } from '../support/api.ts'
import { messagesOf } from '../support/messages.ts'

/** Two webhooks; of the first two messages given up, of the second one, the last of all. Nobody took `c`; `d` is due. */
const opened = async () => {
  const api = await openApi()
  const messages = messagesOf(api)
  const [first, second] = [await messages.register(), await messages.register()]
  const a = await messages.schedule(first, 'a', 1)
  const b = await messages.schedule(first, 'b', 2, 'weather')
  const c = await messages.schedule(second, 'c', 3)
  const [d, e] = [await messages.schedule(first, 'd', 4), await messages.schedule(first, 'e', 5)]
  for (const id of [b, a, c]) await messages.exhaust(id)
  await messages.deliver(e)
  await api.pump.settled()
  const dead = async (query = '') => {
    const { status, body } = await api.get(`/api/pipeline/webhooks/dead-letters${query}`)
    const rows = (body.dead_letters ?? []) as { delivery_id: string }[]
    return { status, body, rows, ids: rows.map(({ delivery_id }) => delivery_id) }
  }
  return { ...api, messages, dead, webhooks: { first, second }, ids: { a, b, c, d, e } }
}

describe('the dead letters', () => {
  test('are what was given up of all webhooks, the last one first, with the reason and the attempts', async () => {
    const { dead, ids, webhooks } = await opened()
    const { status, body, rows, ids: found } = await dead()
    expect([status, found]).toEqual([200, [ids.c, ids.a, ids.b]])
    expect(body).toMatchObject({ total: 3, page: 1, per_page: 20 })
    expect(rows[0]).toEqual({
      webhook_id: webhooks.second,
      delivery_id: ids.c,
      run_id: 'run_c',
      created_at: expect.any(String),
      exhausted_at: expect.any(String),
      payload: { event: 'PIPELINE_COMPLETED', run_id: 'run_c', pipeline: 'flights' },
      reason: 'answered 500',
      attempts: [
        {
          ...{ attempt: 1, at: expect.any(String), outcome: 'failed', status: 500, duration_ms: 1 },
          ...{ error: null, response: 'no' },
        },
      ],
    })
  })

  test('are found by webhook and by pipeline, page by page', async () => {
    const { dead, ids, webhooks } = await opened()
    expect((await dead(`?webhook_id=${webhooks.first}`)).ids).toEqual([ids.a, ids.b])
    expect((await dead('?pipeline=weather')).ids).toEqual([ids.b])
    expect((await dead(`?pipeline=weather&webhook_id=${webhooks.second}`)).ids).toEqual([])
    const page = await dead('?limit=2&page=2')
    expect([page.ids, page.body.total]).toEqual([[ids.b], 3])
  })

  test('are none any more once they are sent again, and are again when that fails', async () => {
    const { dead, post, pump, ids, webhooks, messages } = await opened()
    await post(`/api/pipeline/webhooks/${webhooks.first}/deliveries/${ids.b}/resend`)
    await pump.settled()
    expect((await dead()).ids).toEqual([ids.c, ids.a])
    await messages.exhaust(ids.b, 2)
    await pump.settled()
    const { ids: found, rows } = await dead()
    expect(found).toEqual([ids.b, ids.c, ids.a])
    expect(rows[0]).toMatchObject({ attempts: [{ attempt: 1 }, { attempt: 2 }] })
  })

  test.each([
    ['?webhook_id=7', 'webhook_id: must be the id of a webhook'],
    ['?limit=0', 'limit: must be a whole number from 1 to 1000'],
    ['?status=PENDING', 'status: unknown field'],
  ])('%s is refused: %s', async (query, message) => {
    const { dead } = await opened()
    expect(await dead(query)).toMatchObject({ status: 400, body: { error: { code: 'VALIDATION_ERROR', message } } })
  })

  test('are no webhook: their word is not found as the id of one', async () => {
    const { call } = await opened()
    expect((await call('DELETE', '/api/pipeline/webhooks/dead-letters')).status).toBe(404)
  })
})

describe('the messages of a webhook', () => {
  test.each([
    ['EXHAUSTED', ['b', 'a']],
    ['DELIVERED', ['e']],
    ['PENDING', ['d']],
  ] as const)('are found by their status: %s', async (status, names) => {
    const { get, webhooks, ids } = await opened()
    const { body } = await get(`/api/pipeline/webhooks/${webhooks.first}/deliveries?status=${status}`)
    const rows = body.deliveries as { delivery_id: string; status: string }[]
    expect(rows.map(({ delivery_id }) => delivery_id)).toEqual(names.map((name) => ids[name]))
    expect(new Set(rows.map((row) => row.status))).toEqual(new Set([status]))
  })

  test('with a status that is none are refused', async () => {
    const { get, webhooks } = await opened()
    const { status, body } = await get(`/api/pipeline/webhooks/${webhooks.first}/deliveries?status=GONE`)
    expect([status, body]).toMatchObject([
      400,
      { error: { message: 'status: must be one of PENDING, DELIVERED, EXHAUSTED' } },
    ])
  })
})
