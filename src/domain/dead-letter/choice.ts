import type { Decider } from '../decider.ts'
import type { ChosenDeadLetters, DeadLetterChoiceEvent } from './events.ts'

export type ChooseDeadLetters = { type: 'ChooseDeadLetters' } & ChosenDeadLetters

/** A request about many entries: whoever repeats it means the same ones, whatever has become of them. */
export const deadLetterChoiceDecider: Decider<ChosenDeadLetters | null, ChooseDeadLetters, DeadLetterChoiceEvent> = {
  initial: null,
  decide: ({ type: _, ...data }, chosen) => (chosen ? [] : [{ type: 'DeadLettersChosen', data }]),
  evolve: (_, { data }) => data,
}
