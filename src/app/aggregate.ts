import type { Decider } from '../domain/decider.ts'
import type { DomainEvent } from '../domain/events.ts'
import type { Category } from '../domain/ids.ts'

/** How an aggregate is stored: in which streams, by which events, and whether its last event says it all. */
export interface Aggregate<State, Command extends { type: string }, Event extends DomainEvent> {
  category: Category
  decider: Decider<State, Command, Event>
  fold: 'all' | 'last'
  types: Record<Event['type'], true>
  /** How many events its streams keep; all, unless it is given. */
  keepLast?: number
  /** For how long; for ever, unless it is given. Only for what is decided on a last event that may be gone. */
  keepSeconds?: number
}
