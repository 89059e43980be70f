import type { Context } from 'hono'
import { deadLetters, deliveries, runs, webhooks } from '../../../../app/aggregates.ts'
import type { CommandContext } from '../../../../app/context.ts'
import { askedBy, retryCommandOf, retryContext } from '../../../../app/dead-letters.ts'
import { foresee } from '../../../../app/foresee.ts'
import type { Handled } from '../../../../app/handle.ts'
import { uuidv5 } from '../../../../app/ids.ts'
import type { LedgerEvent } from '../../../../app/ports/ledger.ts'
import { type Replayable, replayable, replayOf } from '../../../../app/replay.ts'
import { requestRun } from '../../../../app/request-run.ts'
import type { ApprovalNeeded } from '../../../../domain/approval/events.ts'
import { Rejection } from '../../../../domain/codes.ts'
import type { DeadLetter } from '../../../../domain/dead-letter/events.ts'
import { must, parseRunId, type RunId } from '../../../../domain/ids.ts'
import type { Env } from '../../../context.ts'
import { demand } from '../../../permission.ts'
import type { Services } from '../../../services.ts'
import { assertProved } from '../runs/replay.ts'
import { decidable } from './common.ts'

/** What a retry has come to: the run, or the delivery, and the event with which that was asked for. */
export interface Retried {
  by: string
  kind: 'run' | 'delivery'
  approval: ApprovalNeeded | null
  asked: LedgerEvent | null
  handled: Pick<Handled<unknown>, 'appended' | 'position'>
}

/**
 * Tries again what an entry is of. The run or the message is asked for first, and then it is said of the entry: if that
 * is left out, the keeper of the dead letters says it, in the same name. Throws a Rejection.
 */
export const retryEntry = async (
  c: Context<Env>,
  services: Services,
  entryId: string,
  context: CommandContext,
): Promise<Retried> => {
  const { commands } = services
  const earlier = await commands.happened(deadLetters, entryId, retryCommandOf(context, entryId))
  const event = earlier?.events[0]?.event
  if (earlier && event?.type === 'DeadLetterRetried') return answered(services, event.data.by, earlier, context)
  const entry = await checked(c, services, entryId)
  if (entry.payload.kind === 'delivery') return resend(c, services, entryId, entry.payload.deliveryId, context)
  const { retries } = (await commands.load(deadLetters, context.tenant, entryId)).state
  // One id for all who try it again at the same time: only one of them gets it.
  const runId = must(parseRunId(uuidv5('dead-letter-retry', context.tenant, entryId, retries)), 'run id')
  const found = await replayableIn(c, services, entry)
  const needed = services.approvals.needed('Replay', found.environment, context.at)
  const asked = replayOf(found, { runId, runIdChosen: true, keyedRunId: null }, needed)
  const requested = await requestRun(commands, asked, { ...context, policy: c.get('policy') })
  return noted(services, entryId, runId, 'run', requested, context)
}

/** Checks all that can be checked before anything is changed. Throws a Rejection. */
export const foreseeRetry = async (c: Context<Env>, services: Services, entryId: string): Promise<Retried> => {
  const entry = await checked(c, services, entryId)
  const foreseen = { by: '', asked: null, handled: { appended: false, position: -1n } }
  if (entry.payload.kind === 'delivery') {
    await assertSendable(c, services, entry.payload.deliveryId)
    return { ...foreseen, kind: 'delivery', approval: null }
  }
  const { environment } = await replayableIn(c, services, entry)
  const { required, expiresAt } = services.approvals.needed(
    'Replay',
    environment,
    new Date(services.nowMs()).toISOString(),
  )
  const { actor } = c.get('principal')
  const approval = { approvalId: '', commandHash: '', requestedBy: actor, required, expiresAt }
  return { ...foreseen, kind: 'run', approval: required.length > 0 ? approval : null }
}

const checked = async (c: Context<Env>, services: Services, entryId: string): Promise<DeadLetter> => {
  const entry = await decidable(c, services, entryId)
  const command = { type: 'RetryDeadLetter' as const, entryId, by: '' }
  await foresee(services.commands, deadLetters, c.get('principal').tenant, entryId, command)
  return entry
}

const replayableIn = async (c: Context<Env>, services: Services, entry: DeadLetter): Promise<Replayable> => {
  const { runId, partition, source, entryId } = entry
  if (runId === null) throw new Rejection('NOT_REPLAYABLE', `entry '${entryId}' is of no run`, { entryId })
  const { tenant } = c.get('principal')
  const asked = { runId, partition, allowSucceeded: source === 'rows' }
  const found = await replayable(services.commands, asked, { tenant })
  await assertProved(services, tenant, runId)
  // Last, so that the policy that allows it is the one that the command names.
  demand(c, services, 'ReplayRun', found.environment)
  return found
}

const resend = async (
  c: Context<Env>,
  services: Services,
  entryId: string,
  deliveryId: string,
  context: CommandContext,
): Promise<Retried> => {
  await assertSendable(c, services, deliveryId)
  const command = { type: 'ResendDelivery' as const, deliveryId, at: context.at }
  const resent = await services.commands.handle(deliveries, deliveryId, command, {
    ...context,
    policy: c.get('policy'),
  })
  return noted(services, entryId, deliveryId, 'delivery', resent, context)
}

const assertSendable = async (c: Context<Env>, services: Services, deliveryId: string): Promise<void> => {
  const { commands } = services
  const { tenant } = c.get('principal')
  const { scheduled } = (await commands.load(deliveries, tenant, deliveryId)).state
  const webhookId = scheduled?.webhookId ?? ''
  const { status } = (await commands.load(webhooks, tenant, webhookId)).state
  if (status === 'none' || status === 'deleted') {
    throw new Rejection('WEBHOOK_NOT_FOUND', `webhook '${webhookId}' not found`, { webhookId })
  }
  demand(c, services, 'ManageWebhooks')
}

/** Says of the entry that it is tried again. */
export const noted = async (
  { commands }: Services,
  entryId: string,
  by: string,
  kind: 'run' | 'delivery',
  { events, appended }: Handled<unknown>,
  context: CommandContext,
): Promise<Retried> => {
  const asked = events[0] ?? null
  const command = { type: 'RetryDeadLetter' as const, entryId, by }
  // A message that somebody else has sent again meanwhile has no event of ours.
  const said = asked ? retryContext(askedBy(asked), entryId) : retryCommandOf(context, entryId)
  const handled = await commands.handle(deadLetters, entryId, command, { ...said, origin: context.origin })
  const approval = approvalOf(asked)
  return { by, kind, approval, asked, handled: { ...handled, appended: handled.appended || appended } }
}

const answered = async (
  { commands }: Services,
  by: string,
  handled: Handled<unknown>,
  context: CommandContext,
): Promise<Retried> => {
  const runId: RunId | undefined = parseRunId(by)
  const requested = runId && (await commands.happened(runs, runId, context))
  const asked = requested?.events[0] ?? null
  const approval = approvalOf(asked)
  return { by, kind: asked ? 'run' : 'delivery', approval, asked, handled }
}

const approvalOf = (asked: LedgerEvent | null): ApprovalNeeded | null =>
  asked?.event?.type === 'RunRequested' ? (asked.event.data.approval ?? null) : null
