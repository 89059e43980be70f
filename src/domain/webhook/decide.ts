import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import type { ResendAsked, WebhookEvent, WebhookSettings } from './events.ts'

export interface Webhook {
  status: 'none' | 'enabled' | 'disabled' | 'deleted'
  settings: WebhookSettings | null
  /** Sealed; the newest first. An older one signs until its time (ISO). */
  secrets: readonly { secret: string; until: string | null }[]
}

export type WebhookCommand =
  | ({ type: 'RegisterWebhook'; webhookId: string; secret: string } & WebhookSettings)
  | ({ type: 'ChangeWebhook'; webhookId: string; enabled: boolean } & WebhookSettings)
  | { type: 'RotateWebhookSecret'; webhookId: string; secret: string; oldUntil: string }
  | { type: 'DisableWebhook'; webhookId: string; reason: string }
  | { type: 'DeleteWebhook'; webhookId: string }
  | ({ type: 'RequestResend' } & ResendAsked)

const notFound = (webhookId: string) => new Rejection('WEBHOOK_NOT_FOUND', `webhook '${webhookId}' not found`)

const decide = (command: WebhookCommand, webhook: Webhook): WebhookEvent[] => {
  const { webhookId } = command
  const { status } = webhook
  if (command.type === 'RegisterWebhook') {
    if (status !== 'none') return []
    return [{ type: 'WebhookRegistered', data: { webhookId, ...settingsOf(command), secret: command.secret } }]
  }
  if (status === 'none') throw notFound(webhookId)
  if (command.type === 'DeleteWebhook') {
    return status === 'deleted' ? [] : [{ type: 'WebhookDeleted', data: { webhookId } }]
  }
  if (status === 'deleted') throw notFound(webhookId)
  switch (command.type) {
    case 'ChangeWebhook':
      return [...updated(command, webhook), ...switched(command, status)]
    case 'RotateWebhookSecret':
      return [{ type: 'WebhookSecretRotated', data: { webhookId, secret: command.secret, oldUntil: command.oldUntil } }]
    case 'DisableWebhook':
      return status === 'disabled' ? [] : [{ type: 'WebhookDisabled', data: { webhookId, reason: command.reason } }]
    case 'RequestResend':
      return [{ type: 'WebhookResendRequested', data: resendOf(command, status) }]
  }
}

/** What is sent to a webhook that is disabled is given up at once. */
const resendOf = ({ type: _, ...asked }: Extract<WebhookCommand, { type: 'RequestResend' }>, status: string) => {
  if (status === 'enabled') return asked
  throw new Rejection('CONFLICT', `webhook '${asked.webhookId}' is ${status}; enable it first`)
}

type Change = Extract<WebhookCommand, { type: 'ChangeWebhook' }>

const updated = (command: Change, { settings }: Webhook): WebhookEvent[] => {
  const wanted = settingsOf(command)
  if (JSON.stringify(wanted) === JSON.stringify(settings)) return []
  return [{ type: 'WebhookUpdated', data: { webhookId: command.webhookId, ...wanted } }]
}

const switched = ({ webhookId, enabled }: Change, status: Webhook['status']): WebhookEvent[] => {
  if (enabled === (status === 'enabled')) return []
  if (enabled) return [{ type: 'WebhookEnabled', data: { webhookId } }]
  return [{ type: 'WebhookDisabled', data: { webhookId, reason: 'switched off' } }]
}

const settingsOf = ({ url, events, pipelines }: WebhookSettings): WebhookSettings => ({ url, events, pipelines })

const evolve = (webhook: Webhook, event: WebhookEvent): Webhook => {
  switch (event.type) {
    case 'WebhookRegistered':
      return {
        status: 'enabled',
        settings: settingsOf(event.data),
        secrets: [{ secret: event.data.secret, until: null }],
      }
    case 'WebhookUpdated':
      return { ...webhook, settings: settingsOf(event.data) }
    case 'WebhookSecretRotated': {
      const { secret, oldUntil } = event.data
      const [newest] = webhook.secrets
      // Two rotations in a row: the one before the last has had its time.
      const kept = newest ? [{ secret: newest.secret, until: oldUntil }] : []
      return { ...webhook, secrets: [{ secret, until: null }, ...kept] }
    }
    case 'WebhookDisabled':
      return { ...webhook, status: 'disabled' }
    case 'WebhookEnabled':
      return { ...webhook, status: 'enabled' }
    case 'WebhookDeleted':
      return { status: 'deleted', settings: null, secrets: [] }
    case 'WebhookResendRequested':
      return webhook
  }
}

/** A place to which a tenant wants to be told what happens to its runs. */
export const webhookDecider: Decider<Webhook, WebhookCommand, WebhookEvent> = {
  initial: { status: 'none', settings: null, secrets: [] },
  decide,
  evolve,
}
