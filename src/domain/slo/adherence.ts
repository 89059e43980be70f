import {
  allowedOf,
  burnRate,
  durationTally,
  hourMs,
  isOver,
  type Measured,
  round,
  runsOf,
  successTally,
  type Tally,
} from './measured.ts'
import type { Objectives } from './objectives.ts'

export type SloStatus = 'met' | 'at_risk' | 'breached' | 'no_data'

/** So much of a budget, or of an age, may be used before it is at risk. */
const riskShare = 0.75

/** How far objectives are met, and what is left of the budget. */
export const sloOf = (objectives: Objectives, measured: Measured) => {
  const success = successOf(objectives, measured)
  const duration = durationOf(objectives, measured)
  const freshness = freshnessOf(objectives, measured)
  return {
    status: worst([success, duration, freshness].flatMap((each) => each?.status ?? [])),
    success,
    duration,
    freshness,
  }
}

const severity: readonly SloStatus[] = ['breached', 'at_risk', 'met']
const worst = (statuses: readonly SloStatus[]): SloStatus =>
  severity.find((status) => statuses.includes(status)) ?? 'no_data'

/** The budget burns faster than it may, and not only just now. */
export const isBurning = (lastHour: Tally, lastSixHours: Tally, objective: number): boolean =>
  isOver(lastHour, objective) && isOver(lastSixHours, objective)

export const successOf = ({ success_rate: objective }: Objectives, measured: Measured) => {
  if (objective === null) return null
  const [window, lastHour, lastSixHours] = [measured.window, measured.lastHour, measured.lastSixHours].map(successTally)
  if (!window || !lastHour || !lastSixHours) throw new Error('three windows are measured')
  const runs = runsOf(window)
  const allowed = allowedOf(window, objective)
  const burn = (tally: Tally) => burnRate(tally, objective)
  const rates = { last_hour: burn(lastHour), last_6_hours: burn(lastSixHours), window: burn(window) }
  return {
    objective,
    actual: runs === 0 ? null : round(window.good / runs),
    runs,
    budget: { allowed, used: window.bad, left: round(allowed - window.bad), burn_rate: rates },
    status: budgetStatus(window, objective, isBurning(lastHour, lastSixHours, objective)),
  }
}

const budgetStatus = (window: Tally, objective: number, burns: boolean): SloStatus => {
  if (runsOf(window) === 0) return 'no_data'
  if (isOver(window, objective)) return 'breached'
  return window.bad > 0 && (window.bad >= allowedOf(window, objective) * riskShare || burns) ? 'at_risk' : 'met'
}

/** The share that has to be in time is that which has to succeed; all, where none is given. */
export const inTimeShare = ({ success_rate }: Objectives): number => success_rate ?? 1

export const durationOf = (objectives: Objectives, { window }: Measured) => {
  if (objectives.max_duration_seconds === null) return null
  const objective = inTimeShare(objectives)
  const { succeeded: runs, within } = window
  return {
    max_seconds: objectives.max_duration_seconds,
    objective,
    actual: runs === 0 ? null : round(within / runs),
    runs,
    within,
    status: budgetStatus(durationTally(window), objective, false),
  }
}

export const ageHoursOf = (ageMs: number | null): number | null => (ageMs === null ? null : round(ageMs / hourMs))

/** Of a pipeline that runs have failed of, and never one succeeded, nothing is fresh. */
export const freshnessOf = (
  { freshness_hours: maxHours }: Objectives,
  { window, ageMs }: Pick<Measured, 'window' | 'ageMs'>,
) => {
  if (maxHours === null) return null
  const ageHours = ageHoursOf(ageMs)
  const status = (): SloStatus => {
    if (ageHours === null) return window.failed > 0 ? 'breached' : 'no_data'
    if (ageHours > maxHours) return 'breached'
    return ageHours >= maxHours * riskShare ? 'at_risk' : 'met'
  }
  return { max_hours: maxHours, age_hours: ageHours, status: status() }
}
