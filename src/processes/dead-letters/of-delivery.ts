import { deadLetters, deliveries, runs } from '../../app/aggregates.ts'
import { type Cause, systemContext } from '../../app/context.ts'
import { entryIdOf, retryContext } from '../../app/dead-letters.ts'
import type { PendingDeadLetter } from '../../app/ports/dead-letters.ts'
import type { DeadLetterCommand } from '../../domain/dead-letter/decide.ts'
import type { DeadLetter } from '../../domain/dead-letter/events.ts'
import type { Delivery } from '../../domain/delivery/decide.ts'
import type { TenantId } from '../../domain/ids.ts'
import { firstEnvironment } from '../../domain/pipeline/environments.ts'
import { component, type DeadLetterDeps } from './deps.ts'

/** All that a message to a webhook means for its entry, as far as it is not said yet. */
export const deadLettersOfDelivery = async (
  deps: DeadLetterDeps,
  tenant: TenantId,
  deliveryId: string,
  cause: Cause,
): Promise<bigint> => {
  const { work, commands, nowMs } = deps
  const subject = { kind: 'delivery' as const, id: deliveryId }
  let reached = -1n
  const say = async (
    entryId: string,
    command: DeadLetterCommand,
    context = systemContext(tenant, component, nowMs(), cause),
  ) => {
    const { position } = await commands.handle(deadLetters, entryId, command, context)
    if (position > reached) reached = position
  }
  for (const { entryId, asked } of work.unnoted(tenant, subject)) {
    const command = { type: 'NoteRetry' as const, entryId, by: deliveryId }
    await say(entryId, command, { ...retryContext(asked, entryId), origin: component })
  }
  const { state: delivery } = await commands.load(deliveries, tenant, deliveryId)
  const waiting = work.waitingFor(tenant, subject)
  if (delivery.status === 'delivered') {
    for (const entryId of waiting) await say(entryId, { type: 'ResolveDeadLetter', entryId, by: deliveryId })
  }
  const [pending] = work.pending(tenant, subject)
  if (delivery.status === 'exhausted' && pending) {
    const found = foundIn(pending, deliveryId)
    for (const entryId of waiting) {
      const again = { entryId, by: deliveryId, reason: pending.reason, found }
      await say(entryId, { type: 'ReopenDeadLetter', ...again })
    }
    if (waiting.length === 0) {
      const entry = await entryOf(deps, tenant, delivery, { deliveryId, ...found })
      await say(entry.entryId, { type: 'RecordDeadLetter', entry })
    }
  }
  return reached
}

const foundIn = ({ code, reason }: PendingDeadLetter, deliveryId: string) => ({
  code,
  reason,
  count: 1,
  payload: { kind: 'delivery' as const, deliveryId },
})

/** A message that is given up anew, after its entry has ended, is another entry. */
const entryOf = async (
  { commands }: DeadLetterDeps,
  tenant: TenantId,
  { scheduled, attempts }: Delivery,
  { deliveryId, ...found }: ReturnType<typeof foundIn> & { deliveryId: string },
): Promise<DeadLetter> => {
  const runId = scheduled?.runId ?? null
  const request = runId === null ? null : (await commands.load(runs, tenant, runId)).state.requested
  return {
    entryId: entryIdOf(tenant, 'delivery', deliveryId, attempts),
    source: 'delivery',
    pipelineId: request?.pipelineId ?? null,
    pipeline: request?.pipeline ?? null,
    runId,
    partition: request?.partition ?? null,
    environment: request ? (request.environment ?? firstEnvironment) : null,
    stage: null,
    ...found,
  }
}
