import { deliveries } from '../../src/app/aggregates.ts'
import { uuidv5 } from '../../src/app/ids.ts'
import type { DeliveryCommand } from '../../src/domain/delivery/decide.ts'
import { contextOf } from './contexts.ts'
import { tenant as ours, runOf } from './ids.ts'
import { atTime } from './run-events.ts'

type Api = Awaited<ReturnType<typeof import('./api.ts').openApi>>

/** Webhooks and their messages, as the announcer and the courier would have left them. */
export const messagesOf = (api: Api, tenant = ours) => {
  const say = (deliveryId: string, command: DeliveryCommand, second = 0) =>
    api.commands.handle(deliveries, deliveryId, command, contextOf({ tenant, at: atTime(second) }))
  const attempt = (deliveryId: string, attempt: number, over: object) =>
    say(deliveryId, {
      ...{ type: 'RecordAttempt', deliveryId, attempt, outcome: 'failed', status: 500, durationMs: 1 },
      ...{ error: null, response: 'no', nextAt: null },
      ...over,
    } as DeliveryCommand)
  return {
    register: async (headers: Record<string, string> = {}) => {
      const { body } = await api.post(
        '/api/pipeline/webhooks',
        { url: 'https://receiver.example/', events: ['SUCCESS'] },
        headers,
      )
      return String(body.webhook_id)
    },
    /** Scheduled at a second of the tests' clock; returns its id. */
    schedule: async (webhookId: string, name: string, second = 0, pipeline = 'flights') => {
      const deliveryId = uuidv5('delivery', name)
      const body = { event: 'PIPELINE_COMPLETED', run_id: `run_${name}`, pipeline }
      const due = { deliveryId, webhookId, runId: runOf(name), body, dueAt: atTime(second) }
      await say(deliveryId, { type: 'ScheduleDelivery', ...due }, second)
      return deliveryId
    },
    exhaust: (deliveryId: string, number = 1) => attempt(deliveryId, number, {}),
    deliver: (deliveryId: string, number = 1) => attempt(deliveryId, number, { outcome: 'delivered', status: 204 }),
    /** Types of the events of one message. */
    typesOf: (deliveryId: string) => api.ledger.stream(`delivery-${tenant}.${deliveryId}`).map(({ type }) => type),
    resentOf: (ids: readonly string[]) =>
      ids.map(
        (id) => api.ledger.stream(`delivery-${tenant}.${id}`).filter(({ type }) => type === 'DeliveryResent').length,
      ),
  }
}
