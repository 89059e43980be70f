import type { RunCounts } from '../../../../../projections/metric-queries.ts'
import type { JsonObject } from '../../../../domain/json.ts'

export type SloStatus = 'met' | 'at_risk' | 'breached' | 'no_data'

/** What a manifest's `slo` asks for; null is nothing. */
export interface Objectives {
  success_rate: number | null
  max_duration_seconds: number | null
  freshness_hours: number | null
}

const accepts: Record<keyof Objectives, (value: number) => boolean> = {
  success_rate: (value) => value > 0 && value <= 1,
  max_duration_seconds: (value) => value > 0,
  freshness_hours: (value) => value > 0,
}

/** A manifest's `slo` may hold anything: what is not understood is named. */
export const objectivesOf = (slo: JsonObject | null): { objectives: Objectives; ignored: string[] } => {
  const objectives: Objectives = { success_rate: null, max_duration_seconds: null, freshness_hours: null }
  const ignored: string[] = []
  for (const [name, value] of Object.entries(slo ?? {})) {
    if (isObjective(name) && typeof value === 'number' && accepts[name](value)) objectives[name] = value
    else ignored.push(name)
  }
  return { objectives, ignored: ignored.sort() }
}

const isObjective = (name: string): name is keyof Objectives => Object.hasOwn(accepts, name)

export interface Measured {
  window: RunCounts
  lastHour: RunCounts
  lastSixHours: RunCounts
  /** Milliseconds since the newest success; null where there never was one. */
  ageMs: number | null
}

/** So much of a budget, or of an age, may be used before it is at risk. */
const riskShare = 0.75
const round = (value: number): number => Math.round(value * 1e6) / 1e6
const runsOf = ({ succeeded, failed }: RunCounts): number => succeeded + failed

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

/** Runs that were canceled or rejected use no budget and earn none. */
const successOf = ({ success_rate: objective }: Objectives, { window, lastHour, lastSixHours }: Measured) => {
  if (objective === null) return null
  const runs = runsOf(window)
  const allowed = round((1 - objective) * runs)
  const burn = (counts: RunCounts) => burnRate(counts, objective)
  const rates = { last_hour: burn(lastHour), last_6_hours: burn(lastSixHours), window: burn(window) }
  const isBurning = isOver(lastHour, objective) && isOver(lastSixHours, objective)
  return {
    objective,
    actual: runs === 0 ? null : round(window.succeeded / runs),
    runs,
    budget: { allowed, used: window.failed, left: round(allowed - window.failed), burn_rate: rates },
    status: successStatus(runs, window.failed, allowed, isBurning),
  }
}

const successStatus = (runs: number, failed: number, allowed: number, isBurning: boolean): SloStatus => {
  if (runs === 0) return 'no_data'
  if (failed > allowed) return 'breached'
  return failed > 0 && (failed >= allowed * riskShare || isBurning) ? 'at_risk' : 'met'
}

/** 1 uses up the budget just as its window ends. Null without runs, and where any failure is one too many. */
const burnRate = (counts: RunCounts, objective: number): number | null => {
  const runs = runsOf(counts)
  if (runs === 0) return null
  if (counts.failed === 0) return 0
  return objective === 1 ? null : round(counts.failed / runs / (1 - objective))
}

const isOver = (counts: RunCounts, objective: number): boolean =>
  counts.failed > round((1 - objective) * runsOf(counts))

/** Of runs that succeeded. The share that has to be in time is that which has to succeed; all, where none is given. */
const durationOf = ({ success_rate, max_duration_seconds }: Objectives, { window }: Measured) => {
  if (max_duration_seconds === null) return null
  const objective = success_rate ?? 1
  const { succeeded: runs, within } = window
  const late = runs - within
  const allowed = round((1 - objective) * runs)
  return {
    max_seconds: max_duration_seconds,
    objective,
    actual: runs === 0 ? null : round(within / runs),
    runs,
    within,
    status: successStatus(runs, late, allowed, false),
  }
}

/** Of a pipeline that runs have failed of, and never one succeeded, nothing is fresh. */
const freshnessOf = ({ freshness_hours: maxHours }: Objectives, { window, ageMs }: Measured) => {
  if (maxHours === null) return null
  const ageHours = ageMs === null ? null : round(ageMs / 3_600_000)
  const status = (): SloStatus => {
    if (ageHours === null) return window.failed > 0 ? 'breached' : 'no_data'
    if (ageHours > maxHours) return 'breached'
    return ageHours >= maxHours * riskShare ? 'at_risk' : 'met'
  }
  return { max_hours: maxHours, age_hours: ageHours, status: status() }
}
