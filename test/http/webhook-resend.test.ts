import { describe, expect, test } from 'vitest'
import { openApi } from '../support/api.ts'
import { identityOf } from '../support/identities.ts'
import { otherTenant } from '../support/ids.ts'
import { messagesOf } from '../support/messages.ts'
import { atTime } from '../support/run-events.ts'

/** A webhook with a message given up in the seconds 1 to 3, one taken in the second 4 and one that is due in 5. */
const opened = async () => {
  const api = await openApi()
  const messages = messagesOf(api)
  const webhookId = await messages.register()
  const ids: string[] = []
  for (const second of [1, 2, 3, 4, 5]) ids.push(await messages.schedule(webhookId, `m${second}`, second))
  for (const id of ids.slice(0, 3)) await messages.exhaust(id)
  await messages.deliver(ids[3] ?? '')
  await api.pump.settled()
  const resend = async (body: unknown, headers: Record<string, string> = {}) => {
    const answer = await api.post(`/api/pipeline/webhooks/${webhookId}/resend`, body, headers)
    await api.pump.settled()
    return answer
  }
  return { ...api, messages, webhookId, ids, resend, resent: () => messages.resentOf(ids) }
}

describe('sending again since a time', () => {
  test('is for what was given up since then, that moment with it', async () => {
    const { resend, resent, webhookId } = await opened()
    const { status, body } = await resend({ from: atTime(2) })
    expect([status, body]).toEqual([202, { webhook_id: webhookId, status: 'PENDING', messages: 2, next_from: null }])
    expect(resent()).toEqual([0, 1, 1, 0, 0])
  })

  test('is for what was taken too when all is asked for; what is due stays so', async () => {
    const { resend, resent } = await opened()
    expect((await resend({ from: '2000-01-01', status: 'ALL' })).body.messages).toBe(4)
    expect(resent()).toEqual([1, 1, 1, 1, 0])
    expect((await resend({ from: '2000-01-01', status: 'ALL' })).body.messages).toBe(0)
    expect(resent()).toEqual([1, 1, 1, 1, 0])
  })

  test('is for no other webhook', async () => {
    const { messages, resend, pump, get } = await opened()
    const other = await messages.schedule(await messages.register(), 'another', 3)
    await messages.exhaust(other)
    await pump.settled()
    await resend({ from: '2000-01-01' })
    expect(messages.resentOf([other])).toEqual([0])
    const left = await get('/api/pipeline/webhooks/dead-letters')
    expect(left.body).toMatchObject({ total: 1, dead_letters: [{ delivery_id: other }] })
  })
})

describe('sending again since a position', () => {
  test('is for what was scheduled after it', async () => {
    const { resend, resent, messages, webhookId, get, pump, ids } = await opened()
    const position = (await get('/api/pipeline/webhooks')).headers.get('ledger-position') ?? ''
    const later = await messages.schedule(webhookId, 'later', 9)
    await messages.exhaust(later)
    await messages.exhaust(ids[4] ?? '')
    await pump.settled()
    expect((await resend({ from: position })).body.messages).toBe(1)
    expect(messages.resentOf([later])).toEqual([1])
    expect(resent()).toEqual([0, 0, 0, 0, 0])
  })
})

describe('a request to send again that comes twice under one key', () => {
  const key = { 'idempotency-key': '"again"' }
  const asked = { from: '2000-01-01', status: 'ALL' }

  test('is answered alike, and sends nothing twice, though all was taken or given up meanwhile', async () => {
    const { resend, resent, messages, ids, pump } = await opened()
    const first = await resend(asked, key)
    await messages.deliver(ids[0] ?? '', 2)
    await messages.exhaust(ids[1] ?? '', 2)
    await messages.deliver(ids[4] ?? '')
    await pump.settled()
    const second = await resend(asked, key)
    expect([second.status, second.body]).toEqual([first.status, first.body])
    expect(resent()).toEqual([1, 1, 1, 1, 0])
  })

  test('sends nothing twice, though the views have not seen the first', async () => {
    const { post, messages, webhookId, ids, resent, pump } = await opened()
    await pump.stop()
    const path = `/api/pipeline/webhooks/${webhookId}/resend`
    await post(path, asked, key)
    for (const id of ids.slice(0, 4)) await messages.deliver(id, 2)
    expect((await post(path, asked, key)).body.messages).toBe(4)
    expect(resent()).toEqual([1, 1, 1, 1, 0])
  })

  test('leaves alone what was given up only after it', async () => {
    const { resend, resent, messages, ids, pump } = await opened()
    await resend({ from: atTime(2) }, { 'idempotency-key': '"before"' })
    // The messages 2 and 3 are due; what is asked for now spans them.
    await resend(asked, key)
    for (const id of ids.slice(1, 3)) await messages.exhaust(id, 2)
    await pump.settled()
    await resend(asked, key)
    expect(resent()).toEqual([1, 1, 1, 1, 0])
  })

  test('does the rest of one that broke off', async () => {
    const { resend, resent, ledger } = await opened()
    // The request itself is stored, then one message; after that the ledger is gone.
    ledger.faults = [undefined, undefined, ...Array.from({ length: 16 }, () => 'before' as const)]
    expect((await resend(asked, key)).status).toBe(503)
    ledger.faults = []
    expect(resent().reduce((sum, count) => sum + count)).toBeLessThan(4)
    expect((await resend(asked, key)).body.messages).toBe(4)
    expect(resent()).toEqual([1, 1, 1, 1, 0])
  })

  test('with another body is refused, and sends nothing', async () => {
    const { resend, resent } = await opened()
    await resend({ from: atTime(3) }, key)
    const { status, body } = await resend({ from: atTime(1) }, key)
    expect([status, body]).toMatchObject([422, { error: { code: 'IDEMPOTENCY_KEY_REUSED' } }])
    expect(resent()).toEqual([0, 0, 1, 0, 0])
  })
})

describe('a request to send again', () => {
  test.each([
    [{}, 'from: required'],
    [{ from: 7 }, 'from: must be an ISO 8601 time or a Ledger-Position'],
    [{ from: '' }, 'from: must not be empty'],
    [{ from: 'yesterday' }, 'from: must be an ISO 8601 time or a Ledger-Position that was given out here'],
    [{ from: '2026-02-31' }, 'from: must be an ISO 8601 time or a Ledger-Position that was given out here'],
    [{ from: '2026-01-01T00:00:00' }, 'from: must be an ISO 8601 time or a Ledger-Position that was given out here'],
    [{ from: 'A'.repeat(22) }, 'from: must be an ISO 8601 time or a Ledger-Position that was given out here'],
    [{ from: '2026-01-01', status: 'PENDING' }, 'status: must be one of FAILED, ALL'],
    [{ from: '2026-01-01', to: '2026-01-02' }, 'to: unknown field'],
  ])('with %j is refused: %s', async (body, message) => {
    const { resend, resent } = await opened()
    const answer = await resend(body)
    expect([answer.status, answer.body]).toMatchObject([400, { error: { code: 'VALIDATION_ERROR', message } }])
    expect(resent()).toEqual([0, 0, 0, 0, 0])
  })

  test('is not found for a webhook that is not there, or is deleted', async () => {
    const { post, call, resend, webhookId } = await opened()
    const unknown = await post('/api/pipeline/webhooks/00000000-0000-4000-8000-000000000009/resend', {
      from: '2026-01-01',
    })
    expect([unknown.status, unknown.body]).toMatchObject([404, { error: { code: 'WEBHOOK_NOT_FOUND' } }])
    await call('DELETE', `/api/pipeline/webhooks/${webhookId}`)
    expect((await resend({ from: '2026-01-01' })).status).toBe(404)
  })

  test('is refused while the webhook is disabled: all would be given up at once', async () => {
    const { call, resend, resent, webhookId } = await opened()
    const body = JSON.stringify({ url: 'https://receiver.example/', events: ['SUCCESS'], enabled: false })
    await call('PUT', `/api/pipeline/webhooks/${webhookId}`, { body })
    const answer = await resend({ from: '2000-01-01' })
    expect([answer.status, answer.body]).toMatchObject([
      409,
      { error: { code: 'CONFLICT', message: `webhook '${webhookId}' is disabled; enable it first` } },
    ])
    expect(resent()).toEqual([0, 0, 0, 0, 0])
  })

  test('reaches no webhook of another tenant', async () => {
    const api = await openApi({ tokens: { bob: identityOf('bob', { tenants: [otherTenant] }) } })
    const messages = messagesOf(api)
    const webhookId = await messages.register()
    const id = await messages.schedule(webhookId, 'ours')
    await messages.exhaust(id)
    await api.pump.settled()
    const bob = { authorization: 'Bearer bob' }
    const answer = await api.post(`/api/pipeline/webhooks/${webhookId}/resend`, { from: '2000-01-01' }, bob)
    expect(answer.status).toBe(404)
    expect(messages.resentOf([id])).toEqual([0])
  })

  test('is an event of the webhook, with who asked and what was meant', async () => {
    const { resend, ledger, webhookId } = await opened()
    await resend({ from: atTime(2) })
    const event = ledger.stream(`webhook-acme.${webhookId}`).at(-1)
    expect(event?.event).toMatchObject({
      type: 'WebhookResendRequested',
      data: { choice: 'FAILED', messages: 2, more: false },
    })
    const [resent] = ledger.all.filter(({ type }) => type === 'DeliveryResent')
    expect(resent?.metadata.causationId).toBe(event?.metadata.commandId)
  })
})
