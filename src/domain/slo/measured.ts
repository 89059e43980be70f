export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

export interface RunCounts {
  succeeded: number
  failed: number
  /** Of those that succeeded: how many took no longer than they may. */
  within: number
}

/** What a pipeline's runs in an environment came to, as seen from one moment. */
export interface Past {
  /** Of the runs that ended within the last so many milliseconds. */
  count(lastMs: number): RunCounts
  /** Milliseconds since the newest success; null where there never was one. */
  ageMs(): number | null
}

export interface Measured {
  window: RunCounts
  lastHour: RunCounts
  lastSixHours: RunCounts
  ageMs: number | null
}

export const measuredOf = (past: Past, windowDays: number): Measured => ({
  window: past.count(windowDays * dayMs),
  lastHour: past.count(hourMs),
  lastSixHours: past.count(6 * hourMs),
  ageMs: past.ageMs(),
})

/** Runs that keep to an objective, and runs that use its budget. */
export interface Tally {
  good: number
  bad: number
}

/** Runs that were canceled or rejected use no budget and earn none. */
export const successTally = ({ succeeded, failed }: RunCounts): Tally => ({ good: succeeded, bad: failed })

/** Of runs that succeeded. */
export const durationTally = ({ succeeded, within }: RunCounts): Tally => ({ good: within, bad: succeeded - within })

export const runsOf = ({ good, bad }: Tally): number => good + bad
export const round = (value: number): number => Math.round(value * 1e6) / 1e6
/** How many may be bad of so many. */
export const allowedOf = (tally: Tally, objective: number, factor = 1): number =>
  round(factor * (1 - objective) * runsOf(tally))

/** 1 uses up the budget just as its window ends. Null without runs, and where any failure is one too many. */
export const burnRate = (tally: Tally, objective: number): number | null => {
  if (runsOf(tally) === 0) return null
  if (tally.bad === 0) return 0
  return objective === 1 ? null : round(tally.bad / runsOf(tally) / (1 - objective))
}

/** Whether the burn rate is above `factor`. */
export const isOver = (tally: Tally, objective: number, factor = 1): boolean =>
  tally.bad > allowedOf(tally, objective, factor)
