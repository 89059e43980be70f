import type { Context } from 'hono'
import { deadLetters, subjects } from '../../../../app/aggregates.ts'
import type { CommandContext } from '../../../../app/context.ts'
import type { CommandHandler, Handled } from '../../../../app/handle.ts'
import { Rejection } from '../../../../domain/codes.ts'
import type { DeadLetterState } from '../../../../domain/dead-letter/decide.ts'
import { isPseudonym } from '../../../../domain/sealed.ts'
import { shownApproval } from '../../../approval-needed.ts'
import { commandContext, type Env, withReason } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { assigneeOf, decidable, entryIdIn, parameters } from './common.ts'
import { retryEntry } from './retry.ts'
import { assignBody, decidedAnswer, discardBody, retriedAnswer, retryBody } from './schemas.ts'

const decide = { method: 'post', action: 'DecideDeadLetter', kind: 'command', parameters } as const
const ended = ['DEAD_LETTER_NOT_FOUND', 'DEAD_LETTER_ENDED'] as const
export const retryCodes = [
  'DEAD_LETTER_NOT_FOUND',
  'DEAD_LETTER_ENDED',
  'DEAD_LETTER_RETRYING',
  'RUN_NOT_FOUND',
  'RUN_EXISTS',
  'RUN_ACTIVE',
  'CLAIM_LOST',
  'NOT_REPLAYABLE',
  'PIPELINE_NOT_FOUND',
  'WEBHOOK_NOT_FOUND',
  'DELIVERY_NOT_FOUND',
  'UNAVAILABLE',
] as const

/** `/pipelines/dlq/{entry_id}/…`: what is decided of one entry. */
export const decidingOperations = (services: Services): Operation[] => [
  retry(services),
  discard(services),
  assign(services),
]

const retry = (services: Services): Operation =>
  operation({
    ...decide,
    path: '/dlq/{entry_id}/retry',
    summary:
      'Try again what an entry is of: a replay of its run, checked and approved as one, or its message once more',
    body: retryBody,
    answers: { 200: { description: 'it is tried again, or waits for an approval', schema: retriedAnswer } },
    codes: retryCodes,
    handle: async (c, { body: { reason } }) => {
      const entryId = entryIdIn(c)
      const context = commandContext(c, 'governance', { entryId, reason: reason ?? null }, services.nowMs())
      const said = withReason(context, reason)
      const { by, kind, approval, handled } = await retryEntry(c, services, entryId, said)
      services.reads.wrote(c, handled)
      return c.json({
        entry_id: entryId,
        status: 'retrying' as const,
        run_id: kind === 'run' ? by : null,
        delivery_id: kind === 'delivery' ? by : null,
        approval: shownApproval(approval),
      })
    },
  })

/** Throws a Rejection. */
export const discardEntry = async (
  c: Context<Env>,
  services: Services,
  entryId: string,
  reason: string,
  context: CommandContext,
): Promise<Handled<DeadLetterState>> => {
  await decidable(c, services, entryId)
  const command = { type: 'DiscardDeadLetter' as const, entryId, reason }
  return services.commands.handle(deadLetters, entryId, command, { ...context, reason })
}

const discard = (services: Services): Operation =>
  operation({
    ...decide,
    path: '/dlq/{entry_id}/discard',
    summary: 'Forget an entry, for a reason; nothing is undone and nothing is deleted',
    body: discardBody,
    answers: { 200: { description: 'the entry as it is now', schema: decidedAnswer } },
    codes: [...ended, 'DEAD_LETTER_RETRYING'],
    handle: async (c, { body: { reason } }) => {
      const entryId = entryIdIn(c)
      const context = commandContext(c, 'governance', { entryId, reason }, services.nowMs())
      return decided(c, services, entryId, await discardEntry(c, services, entryId, reason, context))
    },
  })

const assign = (services: Services): Operation =>
  operation({
    ...decide,
    path: '/dlq/{entry_id}/assign',
    summary: 'Say who looks into an entry: yourself, somebody else or a role, or nobody any more',
    body: assignBody,
    answers: { 200: { description: 'the entry as it is now', schema: decidedAnswer } },
    codes: [...ended, 'SUBJECT_NOT_FOUND'],
    handle: async (c, { body }) => {
      const entryId = entryIdIn(c)
      const { reason } = body
      const assignee = body.assignee && assigneeOf(c, body.assignee)
      const context = commandContext(c, 'governance', { entryId, assignee, reason: reason ?? null }, services.nowMs())
      await decidable(c, services, entryId)
      if (assignee !== null) await assertKnown(services.commands, context, assignee)
      const command = { type: 'AssignDeadLetter' as const, entryId, assignee }
      const said = withReason(context, reason)
      return decided(c, services, entryId, await services.commands.handle(deadLetters, entryId, command, said))
    },
  })

const assertKnown = async (commands: CommandHandler, { tenant, actor }: CommandContext, assignee: string) => {
  if (!isPseudonym(assignee) || assignee === actor.pseudonym) return
  const { identity, isErased } = (await commands.load(subjects, tenant, assignee)).state
  if (identity !== null && !isErased) return
  const message = `assignee: nobody here is '${assignee}'`
  throw new Rejection('SUBJECT_NOT_FOUND', message, { field: 'assignee', pseudonym: assignee })
}

const decided = (c: Context<Env>, services: Services, entryId: string, handled: Handled<DeadLetterState>) => {
  services.reads.wrote(c, handled)
  const { status, assignee } = handled.state
  return c.json({ entry_id: entryId, status: status ?? ('open' as const), assignee })
}
