import type { DomainEvent } from '../domain/events.ts'
import type { TenantId } from '../domain/ids.ts'
import type { Aggregate } from './aggregates.ts'
import type { CommandHandler } from './handle.ts'

/** What a command would come to on the newest state, without saying it: a dry run. Throws what `handle` would. */
export const foresee = async <State, Command extends { type: string }, Event extends DomainEvent>(
  commands: Pick<CommandHandler, 'load'>,
  aggregate: Aggregate<State, Command, Event>,
  tenant: TenantId,
  id: string,
  command: Command,
): Promise<{ state: State; events: readonly Event[] }> => {
  const { state } = await commands.load(aggregate, tenant, id)
  const events = aggregate.decider.decide(command, state)
  return { state: events.reduce(aggregate.decider.evolve, state), events }
}
