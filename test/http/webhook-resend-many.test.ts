import { expect, test } from 'vitest'
import { uuidv5 } from '../../src/app/ids.ts'
import { streamName } from '../../src/domain/ids.ts'
import { openApi } from '../support/api.ts'
import { newEvent } from '../support/events.ts'
import { tenant } from '../support/ids.ts'
import { messagesOf } from '../support/messages.ts'

const bound = 10_000

test('what is more than is sent at a time is sent by going on from where the answer says, none twice', async () => {
  const api = await openApi()
  const messages = messagesOf(api)
  const webhookId = await messages.register()
  const ids = Array.from({ length: bound + 5 }, (_, index) => uuidv5('delivery', index))
  for (const deliveryId of ids) {
    const due = { deliveryId, webhookId, runId: null, body: {}, dueAt: '2026-01-01T00:00:00.000Z' }
    await api.ledger.append(streamName('delivery', tenant, deliveryId), -1n, [
      newEvent({ type: 'DeliveryScheduled', data: due }),
      newEvent({ type: 'DeliveryExhausted', data: { deliveryId, attempts: 0, error: 'no' } }),
    ])
  }
  await api.pump.settled()
  const path = `/api/pipeline/webhooks/${webhookId}/resend`
  const { body } = await api.post(path, { from: '2000-01-01' })
  expect(body).toMatchObject({ messages: bound, next_from: expect.any(String) })
  await api.pump.settled()
  const rest = await api.post(path, { from: body.next_from })
  expect(rest.body).toMatchObject({ messages: 5, next_from: null })
  expect(new Set(messages.resentOf(ids))).toEqual(new Set([1]))
}, 60_000)
