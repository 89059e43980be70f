import { expect } from 'vitest'
import { type Code, Rejection } from '../../src/domain/codes.ts'
import type { Decider } from '../../src/domain/decider.ts'

export type Outcome<Event> = { events: Event[] } | { rejected: Code }

/** What a decider answers to a command after some events: events, or the code of its refusal. */
export const outcomeOf = <State, Command, Event>(
  { initial, decide, evolve }: Decider<State, Command, Event>,
  events: readonly Event[],
  command: Command,
): Outcome<Event> => {
  try {
    return { events: decide(command, events.reduce(evolve, initial)) }
  } catch (error) {
    if (error instanceof Rejection) return { rejected: error.code }
    throw error
  }
}

/** Sentences over a decider: `given(…events).when(command).thenHappens(…events)`. */
export const sentences = <State, Command, Event>(decider: Decider<State, Command, Event>) => ({
  given: (...events: Event[]) => ({
    when: (command: Command) => {
      const outcome = () => outcomeOf(decider, events, command)
      return {
        thenHappens: (...expected: Event[]) => expect(outcome()).toEqual({ events: expected }),
        thenNothing: () => expect(outcome()).toEqual({ events: [] }),
        thenRejects: (code: Code) => expect(outcome()).toEqual({ rejected: code }),
      }
    },
    /** The state itself, where that is what matters. */
    state: (): State => events.reduce(decider.evolve, decider.initial),
  }),
})
