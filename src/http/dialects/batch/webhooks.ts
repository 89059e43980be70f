import { listWebhooks } from '../../../../projections/webhooks.ts'
import { webhooks } from '../../../app/aggregates.ts'
import { uuidv5 } from '../../../app/ids.ts'
import { commandContext } from '../../context.ts'
import { type Operation, operation } from '../../operation.ts'
import type { Services } from '../../services.ts'
import { shownWebhook, shownWebhookRow } from './translate-webhooks.ts'
import { codes, dialect, found, idOf, living, manage, read } from './webhook-common.ts'
import { deadLetterOperation } from './webhook-dead-letters.ts'
import { deliveryOperations } from './webhook-deliveries.ts'
import {
  deleted,
  registeredWebhook,
  rotated,
  webhookAnswer,
  webhookBody,
  webhookList,
  webhookUpdate,
} from './webhook-schemas.ts'

/** How long the old secret signs beside the new one. */
const rotationMs = 24 * 3_600_000

/** `/api/pipeline/webhooks`: who is told when a run ends. */
export const webhookOperations = (services: Services): Operation[] => [
  register(services),
  list(services),
  // Before `look`, which would take the word for an id.
  deadLetterOperation(services),
  look(services),
  update(services),
  remove(services),
  rotate(services),
  ...deliveryOperations(services),
]

const register = ({ commands, reads, webhookSecrets, nowMs }: Services): Operation =>
  operation({
    ...manage,
    method: 'post',
    path: '/webhooks',
    summary: 'Register a webhook',
    parameters: {},
    body: webhookBody,
    answers: { 201: { description: 'the webhook; its secret is shown this once', schema: registeredWebhook } },
    codes: [],
    handle: async (c, { body }) => {
      const context = commandContext(c, dialect, { ...body }, nowMs())
      const webhookId = uuidv5('webhook', context.commandId)
      const secret = await webhookSecrets.draw(context.tenant, webhookId)
      const command = { type: 'RegisterWebhook' as const, webhookId, ...body, secret }
      const handled = await commands.handle(webhooks, webhookId, command, context)
      reads.wrote(c, handled)
      // A repeated request is answered with the secret that the first one drew.
      const [registered] = handled.events
      const kept = registered?.event?.type === 'WebhookRegistered' ? registered.event.data.secret : secret
      const at = registered?.metadata.occurredAt ?? context.at
      const shown = shownWebhook({
        webhookId,
        settings: body,
        status: 'enabled',
        reason: null,
        createdAt: at,
        updatedAt: at,
      })
      return c.json({ ...shown, secret: await webhookSecrets.open(kept) }, 201)
    },
  })

const list = ({ views, reads }: Services): Operation =>
  operation({
    ...read,
    method: 'get',
    path: '/webhooks',
    summary: 'The webhooks, oldest first',
    parameters: {},
    answers: { 200: { description: 'all webhooks of the tenant', schema: webhookList } },
    codes: [],
    handle: async (c) => {
      await reads.beforeRead(c)
      return c.json({ webhooks: listWebhooks(views, c.get('principal').tenant).map(shownWebhookRow) })
    },
  })

const look = ({ views, reads }: Services): Operation =>
  operation({
    ...read,
    method: 'get',
    path: '/webhooks/{webhook_id}',
    summary: 'One webhook',
    answers: { 200: { description: 'the webhook', schema: webhookAnswer } },
    codes,
    handle: async (c) => {
      await reads.beforeRead(c)
      return c.json(shownWebhookRow(found(c, views)))
    },
  })

const update = ({ commands, views, reads, nowMs }: Services): Operation =>
  operation({
    ...manage,
    method: 'put',
    path: '/webhooks/{webhook_id}',
    summary: 'Change a webhook: where it is, what it is told of, whether it is told at all',
    body: webhookUpdate,
    answers: { 200: { description: 'the webhook as it is now', schema: webhookAnswer } },
    codes,
    handle: async (c, { body: { enabled, ...settings } }) => {
      const webhookId = idOf(c)
      const context = commandContext(c, dialect, { webhookId, enabled, ...settings }, nowMs())
      const command = { type: 'ChangeWebhook' as const, webhookId, ...settings, enabled }
      reads.wrote(c, await commands.handle(webhooks, webhookId, command, context))
      await reads.beforeRead(c)
      return c.json(shownWebhookRow(found(c, views)))
    },
  })

const remove = ({ commands, reads, webhookSecrets, nowMs }: Services): Operation =>
  operation({
    ...manage,
    method: 'delete',
    path: '/webhooks/{webhook_id}',
    summary: 'Delete a webhook; what is still due to it is given up',
    answers: { 200: { description: 'the webhook is deleted', schema: deleted } },
    codes,
    handle: async (c) => {
      const webhookId = idOf(c)
      const context = commandContext(c, dialect, { webhookId }, nowMs())
      reads.wrote(c, await commands.handle(webhooks, webhookId, { type: 'DeleteWebhook', webhookId }, context))
      await webhookSecrets.erase(context.tenant, webhookId)
      return c.json({ webhook_id: webhookId, status: 'DELETED' })
    },
  })

const rotate = ({ commands, reads, webhookSecrets, nowMs }: Services): Operation =>
  operation({
    ...manage,
    method: 'post',
    path: '/webhooks/{webhook_id}/rotate-secret',
    summary: 'Draw a new secret; the old one signs beside it for a day',
    answers: { 200: { description: 'the new secret, shown this once', schema: rotated } },
    codes,
    handle: async (c) => {
      const webhookId = idOf(c)
      const context = commandContext(c, dialect, { webhookId }, nowMs())
      // Nothing is drawn for a webhook that is not there: a key would be left over.
      await living(commands, context.tenant, webhookId)
      const oldUntil = new Date(nowMs() + rotationMs).toISOString()
      const secret = await webhookSecrets.draw(context.tenant, webhookId)
      const command = { type: 'RotateWebhookSecret' as const, webhookId, secret, oldUntil }
      const handled = await commands.handle(webhooks, webhookId, command, context)
      reads.wrote(c, handled)
      const event = handled.events[0]?.event
      const kept = event?.type === 'WebhookSecretRotated' ? event.data : { secret, oldUntil }
      return c.json({
        webhook_id: webhookId,
        secret: await webhookSecrets.open(kept.secret),
        old_secret_until: kept.oldUntil,
      })
    },
  })
