/**
 * An aggregate as three pure functions. `decide` throws a Rejection, or returns the events that the command means;
 * an empty list says that there is nothing to do.
 */
export interface Decider<State, Command, Event> {
  initial: State
  decide(command: Command, state: State): Event[]
  evolve(state: State, event: Event): State
}
