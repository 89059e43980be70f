import { driftWork } from '../../projections/drift-work.ts'
import type { ReadDb } from '../../projections/projection.ts'
import type { ViewFollower } from '../../projections/views.ts'
import { webhookWork } from '../../projections/webhook-work.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { Log } from '../app/ports/follower.ts'
import type { SubjectKeys } from '../app/ports/subject-keys.ts'
import type { WebhookSender } from '../app/ports/webhooks.ts'
import type { Config } from '../config.ts'
import type { TenantId } from '../domain/ids.ts'
import type { Services, WebhookSecrets } from '../http/services.ts'
import type { Sealer } from '../keys/sealing.ts'
import type { Follower } from '../ledger/follower.ts'
import { Announcer } from '../processes/announcer.ts'
import { Courier } from '../processes/courier.ts'
import { driftWatch } from '../processes/drift.ts'
import type { RoleLease } from '../processes/lease-keeper.ts'
import { nextAttemptAt } from '../webhooks/schedule.ts'
import { sendWebhook } from '../webhooks/send.ts'
import { newSecret } from '../webhooks/sign.ts'
import type { Stop } from './stop.ts'

/** The secrets of a webhook are sealed under one key, whose subject is the webhook. */
export const webhookSecretsOf = (keys: SubjectKeys, sealer: Sealer): WebhookSecrets => {
  const pseudonymOf = (tenant: TenantId, webhookId: string) =>
    keys.pseudonymOf({ issuer: 'ledgerline:webhook', subject: `${tenant}/${webhookId}` })
  return {
    draw: async (tenant, webhookId) => sealer.seal(await pseudonymOf(tenant, webhookId), newSecret()),
    open: (sealed) => sealer.open(sealed),
    erase: async (tenant, webhookId) => keys.erase(await pseudonymOf(tenant, webhookId)),
  }
}

interface Parts {
  commands: CommandHandler
  views: ReadDb
  viewFollower: ViewFollower
  openSealed: Services['openSealed']
  log: Log
  lease: RoleLease
  head(): Promise<bigint>
}

/** Who tells the webhooks. They follow the ledger with the others; `start` is for when the views are current. */
export const composeWebhooks = (config: Config, parts: Parts, follower: Follower): { start(): Promise<Stop> } => {
  const { viewFollower, views, ...shared } = parts
  const work = webhookWork(views)
  const viewsReach = (position: bigint, timeoutMs: number) => viewFollower.reach(position, timeoutMs)
  const drifts = driftWatch({ ...shared, work: driftWork(views), viewsReach, nowMs: Date.now })
  const announcer = new Announcer({ ...shared, work, viewsReach, nowMs: Date.now })
  const courier = new Courier({ ...shared, work, sender: senderOf(config), viewsReach, nowMs: Date.now })
  follower.add(drifts)
  follower.add(announcer)
  follower.add(courier)
  return {
    start: async () => {
      await drifts.start()
      await announcer.start()
      courier.start()
      return () => courier.stop()
    },
  }
}

const senderOf = ({ webhookAllowPrivate, webhookRetrySchedule }: Config): WebhookSender => ({
  send: (message) => sendWebhook({ ...message, nowMs: Date.now(), allowPrivate: webhookAllowPrivate }),
  nextAttemptAt: (attempt, nowMs, retryAfterMs) =>
    nextAttemptAt({ attempt, schedule: webhookRetrySchedule, nowMs, retryAfterMs, random: Math.random }),
})
