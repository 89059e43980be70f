import type { Context } from 'hono'
import type { z } from 'zod'
import { type DeadLetterFilter, openDeadLetters } from '../../../../../projections/dead-letter-queries.ts'
import { deadLetterChoices, deadLetters } from '../../../../app/aggregates.ts'
import { atATime } from '../../../../app/at-a-time.ts'
import { type CommandContext, subcommand } from '../../../../app/context.ts'
import { foresee } from '../../../../app/foresee.ts'
import { uuidv5 } from '../../../../app/ids.ts'
import { Rejection } from '../../../../domain/codes.ts'
import type { ChosenDeadLetters } from '../../../../domain/dead-letter/events.ts'
import type { JsonObject } from '../../../../domain/json.ts'
import { commandContext, type Env, withReason } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { decidable, filterOf, scopeOf } from './common.ts'
import { discardEntry, retryCodes } from './deciding.ts'
import { foreseeRetry, noted, type Retried, retryEntry } from './retry.ts'
import { discardManyBody, entriesMax, manyAnswer, retryManyBody } from './schemas.ts'

type Outcome = z.input<typeof manyAnswer>['entries'][number]
type Decide = (entryIds: readonly string[]) => Promise<Outcome[]>

const groupsAtATime = 8
const decide = { method: 'post', action: 'DecideDeadLetter', kind: 'command', parameters: {} } as const

/** `/pipelines/dlq/retry` and `/discard`: many entries in one request, and what has become of each. */
export const manyOperations = (services: Services): Operation[] => [retryMany(services), discardMany(services)]

const retryMany = (services: Services): Operation =>
  operation({
    ...decide,
    path: '/dlq/retry',
    summary: `Try again all open entries that a filter lets through, the oldest first, at most ${entriesMax}`,
    body: retryManyBody,
    answers: { 200: { description: 'what became of each', schema: manyAnswer } },
    codes: retryCodes,
    handle: async (c, { body: { filter = {}, reason, dry_run: dryRun, all } }) => {
      const said = { filter, all: all ?? false, reason: reason ?? null, dryRun } as JsonObject
      const context = commandContext(c, 'governance', said, services.nowMs())
      const named = withReason(context, reason)
      return answer(c, services, 'retry', { filter, dryRun, context: named }, async (entryIds) => {
        const groups = await byRun(services, context, entryIds)
        return inParallel(groups, (group) => retryGroup(c, services, group, dryRun, named))
      })
    },
  })

const discardMany = (services: Services): Operation =>
  operation({
    ...decide,
    path: '/dlq/discard',
    summary: `Forget all open entries that a filter lets through, for a reason, the oldest first, at most ${entriesMax}`,
    body: discardManyBody,
    answers: { 200: { description: 'what became of each', schema: manyAnswer } },
    codes: ['DEAD_LETTER_NOT_FOUND', 'DEAD_LETTER_ENDED', 'DEAD_LETTER_RETRYING'],
    handle: async (c, { body: { filter = {}, reason, dry_run: dryRun, all } }) => {
      const said = { filter, all: all ?? false, reason, dryRun } as JsonObject
      const context = commandContext(c, 'governance', said, services.nowMs())
      const discardOne = async (entryId: string): Promise<Outcome> => {
        if (dryRun) await foreseeDiscard(c, services, entryId, reason)
        else await discardEntry(c, services, entryId, reason, subcommand(context, entryId))
        return { ...nothing(entryId), outcome: 'discarded' }
      }
      return answer(c, services, 'discard', { filter, dryRun, context: { ...context, reason } }, (entryIds) =>
        inParallel(entryIds, async (entryId) => [await orRefused(entryId, () => discardOne(entryId))]),
      )
    },
  })

interface Asked {
  filter: DeadLetterFilter
  dryRun: boolean
  context: CommandContext
}

/** Which entries are meant is an event, so that a request that broke off does the rest when it comes again. */
const answer = async (
  c: Context<Env>,
  services: Services,
  decision: ChosenDeadLetters['decision'],
  { filter, dryRun, context }: Asked,
  act: Decide,
) => {
  const { commands, reads, views } = services
  await reads.beforeRead(c)
  const { entryIds, total } = openDeadLetters(views, scopeOf(c, services), filterOf(c, filter), entriesMax)
  const choiceId = uuidv5('dead-letter-choice', context.commandId)
  let chosen: ChosenDeadLetters = { choiceId, decision, entryIds, remaining: total - entryIds.length }
  if (dryRun) return c.json({ entries: await act(entryIds), remaining: chosen.remaining, dry_run: true })
  const command = { type: 'ChooseDeadLetters' as const, ...chosen }
  const handled = await commands.handle(deadLetterChoices, choiceId, command, context)
  chosen = handled.state ?? chosen
  const entries = await act(chosen.entryIds)
  reads.wrote(c, { appended: handled.appended, position: await reachedBy(services, context, chosen) })
  return c.json({ entries, remaining: chosen.remaining, dry_run: false })
}

/** Where the ledger has what was said last of the entries. */
const reachedBy = async ({ commands }: Services, { tenant }: CommandContext, { entryIds }: ChosenDeadLetters) => {
  let reached = -1n
  for (const entryId of entryIds) {
    const { position } = await commands.loadCached(deadLetters, tenant, entryId)
    if (position > reached) reached = position
  }
  return reached
}

/** Entries of one run are tried again by one run. */
const byRun = async ({ commands }: Services, { tenant }: CommandContext, entryIds: readonly string[]) => {
  const groups = new Map<string, string[]>()
  for (const entryId of entryIds) {
    const { entry } = (await commands.loadCached(deadLetters, tenant, entryId)).state
    const key = entry?.source === 'delivery' ? entryId : (entry?.runId ?? entryId)
    groups.set(key, [...(groups.get(key) ?? []), entryId])
  }
  return [...groups.values()]
}

const retryGroup = async (
  c: Context<Env>,
  services: Services,
  entryIds: readonly string[],
  dryRun: boolean,
  context: CommandContext,
): Promise<Outcome[]> => {
  const outcomes: Outcome[] = []
  let first: Retried | undefined
  const retryOne = async (entryId: string): Promise<Outcome> => {
    if (dryRun) return shown(entryId, await foreseeRetry(c, services, entryId))
    const own = subcommand(context, entryId)
    if (!first?.asked) {
      first = await retryEntry(c, services, entryId, own)
      return shown(entryId, first)
    }
    await decidable(c, services, entryId)
    const { by, kind, asked } = first
    const { state } = await services.commands.load(deadLetters, context.tenant, entryId)
    const again = { state, events: [asked], appended: false, position: -1n }
    return shown(entryId, await noted(services, entryId, by, kind, again, own))
  }
  for (const entryId of entryIds) outcomes.push(await orRefused(entryId, () => retryOne(entryId)))
  return outcomes
}

const foreseeDiscard = async (c: Context<Env>, services: Services, entryId: string, reason: string) => {
  await decidable(c, services, entryId)
  const command = { type: 'DiscardDeadLetter' as const, entryId, reason }
  await foresee(services.commands, deadLetters, c.get('principal').tenant, entryId, command)
}

const nothing = (entryId: string) => ({
  entry_id: entryId,
  run_id: null,
  delivery_id: null,
  approval_id: null,
  code: null,
  reason: null,
})

/** In a dry run no id is known yet. */
const shown = (entryId: string, { by, kind, approval }: Retried): Outcome => ({
  ...nothing(entryId),
  outcome: approval ? 'awaiting_approval' : 'retried',
  run_id: kind === 'run' && by !== '' ? by : null,
  delivery_id: kind === 'delivery' && by !== '' ? by : null,
  approval_id: approval?.approvalId || null,
})

/** What keeps everything from going on is no refusal of one entry. */
const orRefused = async (entryId: string, act: () => Promise<Outcome>): Promise<Outcome> => {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof Rejection) || error.code === 'LEDGER_UNAVAILABLE') throw error
    return { ...nothing(entryId), outcome: 'refused', code: error.code, reason: error.message }
  }
}

const inParallel = async <Item>(
  items: readonly Item[],
  act: (item: Item) => Promise<Outcome[]>,
): Promise<Outcome[]> => {
  const outcomes: Outcome[][] = []
  await atATime(items, groupsAtATime, async (item, index) => {
    outcomes[index] = await act(item)
  })
  return outcomes.flat()
}
