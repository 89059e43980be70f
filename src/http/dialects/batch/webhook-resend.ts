import { z } from 'zod'
import { type Settled, type Since, settledBetween, settledSince } from '../../../../projections/webhook-messages.ts'
import { deliveries, webhooks } from '../../../app/aggregates.ts'
import { atATime } from '../../../app/at-a-time.ts'
import { type CommandContext, subcommand } from '../../../app/context.ts'
import type { CommandHandler } from '../../../app/handle.ts'
import { Rejection } from '../../../domain/codes.ts'
import type { ResendAsked } from '../../../domain/webhook/events.ts'
import { commandContext } from '../../context.ts'
import { type Operation, operation } from '../../operation.ts'
import type { ReadAfterWrite } from '../../reads.ts'
import type { Services } from '../../services.ts'
import { dialect, idOf, living, manage } from './webhook-common.ts'
import { resendAnswer, resendBody } from './webhook-schemas.ts'

/** Messages that one request sends again. */
const messagesMax = 10_000
const resentAtATime = 16

/**
 * Which messages are meant is an event of the webhook. A request that broke off, repeated under its key, finds it there
 * and does what is left of it; one that was done is only answered again.
 */
export const resendSince = ({ commands, views, reads, nowMs }: Services): Operation =>
  operation({
    ...manage,
    method: 'post',
    path: '/webhooks/{webhook_id}/resend',
    summary: 'Send again what was given up since a time or a position; or all that was sent since then',
    body: resendBody,
    answers: { 202: { description: 'the messages are due', schema: resendAnswer } },
    codes: ['WEBHOOK_NOT_FOUND', 'CONFLICT'],
    handle: async (c, { body: { from, status } }) => {
      const webhookId = idOf(c)
      const context = commandContext(c, dialect, { webhookId, from, status }, nowMs())
      const since = sinceOf(from, reads)
      await living(commands, context.tenant, webhookId)
      await reads.beforeRead(c)
      const of = { tenant: context.tenant, webhookId, withDelivered: status === 'ALL' }
      const found = settledSince(views, of, since, messagesMax + 1)
      const command = { type: 'RequestResend' as const, ...askedFor(webhookId, status, found) }
      const handled = await commands.handle(webhooks, webhookId, command, context)
      const event = handled.events[0]?.event
      const asked = event?.type === 'WebhookResendRequested' ? event.data : command
      const { position } = handled
      const meant = asked.between ? settledBetween(views, of, { ...asked.between, before: position }) : []
      const reached = await resendAll(commands, meant, context)
      reads.wrote(c, { appended: handled.appended, position: reached > position ? reached : position })
      const next = asked.more && asked.between ? reads.seal(BigInt(asked.between.last)) : null
      return c.json({ webhook_id: webhookId, status: 'PENDING', messages: asked.messages, next_from: next }, 202)
    },
  })

const askedFor = (webhookId: string, choice: ResendAsked['choice'], found: Settled[]): ResendAsked => {
  const meant = found.slice(0, messagesMax)
  const [first, last] = [meant[0], meant.at(-1)]
  const between = first && last ? { first: String(first.position), last: String(last.position) } : null
  return { webhookId, choice, between, messages: meant.length, more: found.length > messagesMax }
}

/** Each in its own stream under an id of the request's, so that none is sent twice for it. Answers the last position. */
const resendAll = async (commands: CommandHandler, meant: Settled[], context: CommandContext): Promise<bigint> => {
  let reached = -1n
  await atATime(meant, resentAtATime, async ({ delivery_id: deliveryId }) => {
    const command = { type: 'ResendDelivery' as const, deliveryId, at: context.at }
    const { position } = await commands.handle(deliveries, deliveryId, command, subcommand(context, deliveryId))
    if (position > reached) reached = position
  })
  return reached
}

const isoTime = z.union([z.iso.date(), z.iso.datetime({ offset: true })])

/** Throws VALIDATION_FAILED. */
const sinceOf = (from: string, reads: ReadAfterWrite): Since => {
  const refused = () =>
    new Rejection('VALIDATION_FAILED', 'from: must be an ISO 8601 time or a Ledger-Position that was given out here', {
      field: 'from',
    })
  if (isoTime.safeParse(from).success) return { time: new Date(from).toISOString() }
  try {
    return { position: reads.open(from) }
  } catch (error) {
    throw error instanceof Rejection ? refused() : error
  }
}
