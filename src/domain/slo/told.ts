import { ageHoursOf, durationOf, inTimeShare, successOf } from './adherence.ts'
import { type AlertObjective, alertWindowDays, isAskedFor } from './alarm.ts'
import { burnRate, durationTally, hourMs, measuredOf, type Past, round } from './measured.ts'
import type { Objectives } from './objectives.ts'

/** In numbers, what an alert is about. `objective` and `actual` are shares; of freshness they are hours. */
export interface AlertFigures {
  objective: number
  actual: number | null
  /** Null without runs, where any failure is one too many, and of freshness. */
  burnRate: { lastHour: number | null; lastSixHours: number | null }
  /** Runs of the window that may still be bad; null of freshness. */
  budgetLeft: number | null
  /** Of the newest success; null where there never was one. */
  ageHours: number | null
}

const days = `${alertWindowDays} days`

/** How an objective stands, in words and figures; null where it is not asked for. */
export const toldOf = (
  objective: AlertObjective,
  objectives: Objectives,
  past: Past,
): { detail: string; figures: AlertFigures } | null => {
  if (!isAskedFor(objective, objectives)) return null
  const ageHours = ageHoursOf(past.ageMs())
  if (objective === 'freshness') return freshnessTold(objectives.freshness_hours ?? 0, ageHours)
  const measured = measuredOf(past, alertWindowDays)
  const success = objective === 'success_rate' && successOf(objectives, measured)
  if (success) {
    const { objective: share, actual, runs, budget } = success
    const { last_hour: lastHour, last_6_hours: lastSixHours } = budget.burn_rate
    const detail = `${budget.used} of ${runs} runs failed in ${days}; ${budget.allowed} may (${share} have to succeed)`
    return {
      detail,
      figures: { objective: share, actual, burnRate: { lastHour, lastSixHours }, budgetLeft: budget.left, ageHours },
    }
  }
  const duration = durationOf(objectives, measured)
  if (duration) {
    const share = inTimeShare(objectives)
    const { runs, within, actual, max_seconds: seconds } = duration
    const allowed = round((1 - share) * runs)
    const burn = (lastMs: number) => burnRate(durationTally(past.count(lastMs)), share)
    const late = runs - within
    return {
      detail: `${late} of ${runs} runs that succeeded in ${days} took longer than ${seconds} s; ${allowed} may`,
      figures: {
        objective: share,
        actual,
        burnRate: { lastHour: burn(hourMs), lastSixHours: burn(6 * hourMs) },
        budgetLeft: round(allowed - late),
        ageHours,
      },
    }
  }
  return null
}

const freshnessTold = (maxHours: number, ageHours: number | null) => {
  const age = ageHours === null ? 'no run has ever succeeded' : `the newest success is ${tenths(ageHours)} hours old`
  const burnRate = { lastHour: null, lastSixHours: null }
  return {
    detail: `${age}; ${maxHours} hours are allowed`,
    figures: { objective: maxHours, actual: ageHours, burnRate, budgetLeft: null, ageHours },
  }
}

const tenths = (hours: number): number => Math.round(hours * 10) / 10
