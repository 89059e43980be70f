import type { Context } from 'hono'
import { webhookById } from '../../../../projections/webhooks.ts'
import { webhooks } from '../../../app/aggregates.ts'
import type { CommandHandler } from '../../../app/handle.ts'
import { Rejection } from '../../../domain/codes.ts'
import { isUuid, type TenantId } from '../../../domain/ids.ts'
import type { Env } from '../../context.ts'
import type { Services } from '../../services.ts'

export const dialect = 'batch'
export const parameters = { webhook_id: 'the webhook' }
export const manage = { action: 'ManageWebhooks', kind: 'command', parameters } as const
export const read = { action: 'ReadWebhooks', kind: 'query', parameters } as const
export const codes = ['WEBHOOK_NOT_FOUND'] as const

export const idOf = (c: Context<Env>): string => {
  const text = c.get('params').webhook_id ?? ''
  if (!isUuid(text)) throw notFound(text)
  return text
}

/** Of the caller's tenant; throws WEBHOOK_NOT_FOUND. */
export const found = (c: Context<Env>, views: Services['views']) => {
  const id = idOf(c)
  const row = webhookById(views, c.get('principal').tenant, id)
  if (!row) throw notFound(id)
  return row
}

const notFound = (webhookId: string) => new Rejection('WEBHOOK_NOT_FOUND', `webhook '${webhookId}' not found`)

/** Throws WEBHOOK_NOT_FOUND when the ledger has no such webhook, or has it deleted. */
export const living = async (commands: CommandHandler, tenant: TenantId, webhookId: string): Promise<void> => {
  const { state } = await commands.load(webhooks, tenant, webhookId)
  if (state.status === 'none' || state.status === 'deleted') throw notFound(webhookId)
}
