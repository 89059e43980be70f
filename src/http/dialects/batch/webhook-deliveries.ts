import { deliveriesOf } from '../../../../projections/webhook-messages.ts'
import { deliveries } from '../../../app/aggregates.ts'
import { uuidv5 } from '../../../app/ids.ts'
import { Rejection } from '../../../domain/codes.ts'
import { commandContext } from '../../context.ts'
import { type Operation, operation } from '../../operation.ts'
import type { Services } from '../../services.ts'
import { shownTime } from './translate.ts'
import { shownDelivery } from './translate-webhooks.ts'
import { codes, dialect, found, idOf, living, manage, parameters, read } from './webhook-common.ts'
import { resendSince } from './webhook-resend.ts'
import { deliveryList, deliveryQuery, scheduled } from './webhook-schemas.ts'

/** `/api/pipeline/webhooks/{webhook_id}/…`: the messages of a webhook. */
export const deliveryOperations = (services: Services): Operation[] => [
  tryOut(services),
  delivered(services),
  resend(services),
  resendSince(services),
]

const tryOut = ({ commands, reads, nowMs }: Services): Operation =>
  operation({
    ...manage,
    method: 'post',
    path: '/webhooks/{webhook_id}/test',
    summary: 'Send a test message',
    answers: { 202: { description: 'the message is due', schema: scheduled } },
    codes,
    handle: async (c) => {
      const webhookId = idOf(c)
      const context = commandContext(c, dialect, { webhookId }, nowMs())
      await living(commands, context.tenant, webhookId)
      const deliveryId = uuidv5('delivery', context.commandId)
      const body = { event: 'TEST', webhook_id: webhookId, timestamp: shownTime(context.at) }
      const command = { type: 'ScheduleDelivery' as const, deliveryId, webhookId, runId: null, body, dueAt: context.at }
      reads.wrote(c, await commands.handle(deliveries, deliveryId, command, context))
      return c.json({ webhook_id: webhookId, delivery_id: deliveryId, status: 'PENDING' }, 202)
    },
  })

const delivered = ({ views, reads }: Services): Operation =>
  operation({
    ...read,
    method: 'get',
    path: '/webhooks/{webhook_id}/deliveries',
    summary: 'What was sent to a webhook, newest first, with every attempt and its answer',
    query: deliveryQuery,
    answers: { 200: { description: 'a page of deliveries', schema: deliveryList } },
    codes,
    handle: async (c, { query: { status, limit, page } }) => {
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const { webhook_id } = found(c, views)
      const rows = deliveriesOf(views, tenant, webhook_id, status, { limit, offset: (page - 1) * limit })
      return c.json({ deliveries: rows.map((row) => shownDelivery(views, row)), page, per_page: limit })
    },
  })

const resend = ({ commands, reads, nowMs }: Services): Operation =>
  operation({
    ...manage,
    method: 'post',
    path: '/webhooks/{webhook_id}/deliveries/{delivery_id}/resend',
    summary: 'Send a message again that was taken or given up',
    parameters: { ...parameters, delivery_id: 'the delivery' },
    answers: { 202: { description: 'the message is due', schema: scheduled } },
    codes: ['WEBHOOK_NOT_FOUND', 'DELIVERY_NOT_FOUND'],
    handle: async (c) => {
      const webhookId = idOf(c)
      const deliveryId = c.get('params').delivery_id ?? ''
      const context = commandContext(c, dialect, { webhookId, deliveryId }, nowMs())
      const { state } = await commands.load(deliveries, context.tenant, deliveryId)
      if (state.scheduled?.webhookId !== webhookId) {
        throw new Rejection('DELIVERY_NOT_FOUND', `delivery '${deliveryId}' not found`)
      }
      const command = { type: 'ResendDelivery' as const, deliveryId, at: context.at }
      reads.wrote(c, await commands.handle(deliveries, deliveryId, command, context))
      return c.json({ webhook_id: webhookId, delivery_id: deliveryId, status: 'PENDING' }, 202)
    },
  })
