import { freshnessOf, inTimeShare, isBurning } from './adherence.ts'
import {
  dayMs,
  durationTally,
  hourMs,
  isOver,
  minuteMs,
  type Past,
  runsOf,
  successTally,
  type Tally,
} from './measured.ts'
import type { Objectives } from './objectives.ts'

export const alertObjectives = ['success_rate', 'duration', 'freshness'] as const
export type AlertObjective = (typeof alertObjectives)[number]
/** `breached`: what may be bad of a window is used up, or it is too old. */
export type Severity = 'burning' | 'breached'

/** The window of an alert's budget, whatever window is looked at elsewhere. */
export const alertWindowDays = 30
const windowMs = alertWindowDays * dayMs

/**
 * Multiwindow, multi-burn-rate alerts of the SRE Workbook (chapter 5, table 5-8): 2 % of the budget of 30 days in an hour,
 * 5 % in six, 10 % in three days; the short window says that it is still so.
 */
const tiers = [
  { factor: 14.4, longMs: hourMs, shortMs: 5 * minuteMs },
  { factor: 6, longMs: 6 * hourMs, shortMs: 30 * minuteMs },
  { factor: 1, longMs: 3 * dayMs, shortMs: 6 * hourMs },
] as const

/** It is calm again only well below what raises an alert: half of what the budget allows. */
const calmFactor = 0.5

type Reading = (lastMs: number) => Tally

/** Some budget, and what has become of it over any time. Null where the objective is not asked for. */
const budgetOf = (objective: 'success_rate' | 'duration', objectives: Objectives, past: Past) => {
  const isSuccess = objective === 'success_rate'
  const share = isSuccess ? objectives.success_rate : inTimeShare(objectives)
  if (share === null || (!isSuccess && objectives.max_duration_seconds === null)) return null
  const tallyOf = isSuccess ? successTally : durationTally
  const read: Reading = (lastMs) => tallyOf(past.count(lastMs))
  return { share, read }
}

/** What is to be told now; null for nothing. Only as many windows are read as it takes. */
export const alarmOf = (objective: AlertObjective, objectives: Objectives, past: Past): Severity | null => {
  if (objective === 'freshness') return freshnessStatus(objectives, past) === 'breached' ? 'breached' : null
  const budget = budgetOf(objective, objectives, past)
  if (!budget) return null
  const { share, read } = budget
  const burns = isBurning(read(hourMs), read(6 * hourMs), share)
  // Nothing burns where nothing runs: the last hour may be empty because nobody looked in time.
  const isMissed = !burns && runsOf(read(hourMs)) === 0 && isNewestBad(read, past)
  if (!burns && !isMissed) return null
  if (isOver(read(windowMs), share)) return 'breached'
  // What is late burns no budget in the answers, so it is told only when the budget is gone.
  if (objective === 'duration' || !burns) return null
  return tiers.some((tier) => isTooFast(tier, read, share)) ? 'burning' : null
}

const isTooFast = ({ factor, longMs, shortMs }: (typeof tiers)[number], read: Reading, share: number): boolean =>
  isOver(read(shortMs), share, factor) && isOver(read(longMs), share, factor)

/**
 * Whether an alert is over. Silence is no recovery: the newest run has to be a good one, and the last hour well within the
 * budget. The window's budget may be gone all the same: that heals by time alone, and nobody can do anything about it.
 */
export const isCalm = (objective: AlertObjective, objectives: Objectives, past: Past): boolean => {
  if (objective === 'freshness') return freshnessStatus(objectives, past) === 'met'
  const budget = budgetOf(objective, objectives, past)
  if (!budget) return true
  const { share, read } = budget
  return !isOver(read(hourMs), share, calmFactor) && past.ageMs() !== null && !isNewestBad(read, past)
}

/** Whether something was bad since the newest success, or in it. */
const isNewestBad = (read: Reading, past: Past): boolean => read(past.ageMs() ?? windowMs).bad > 0

/** Failures are looked for only where nothing has ever succeeded. */
const freshnessStatus = (objectives: Objectives, past: Past) => {
  if (objectives.freshness_hours === null) return null
  const ageMs = past.ageMs()
  const window = ageMs === null ? past.count(windowMs) : { succeeded: 0, failed: 0, within: 0 }
  return freshnessOf(objectives, { window, ageMs })?.status ?? null
}

export const isAskedFor = (objective: AlertObjective, objectives: Objectives): boolean =>
  ({
    success_rate: objectives.success_rate,
    duration: objectives.max_duration_seconds,
    freshness: objectives.freshness_hours,
  })[objective] !== null

export type Verdict = { do: 'raise' | 'escalate'; severity: Severity } | { do: 'resolve' }

/** What is to become of an objective's alert; `open` is the severity of the one that is open. Null: nothing. */
export const verdictOf = (
  objective: AlertObjective,
  objectives: Objectives,
  past: Past,
  open: Severity | null,
): Verdict | null => {
  if (!isAskedFor(objective, objectives)) return open === null ? null : { do: 'resolve' }
  if (open !== null && isCalm(objective, objectives, past)) return { do: 'resolve' }
  if (open === 'breached') return null
  const severity = alarmOf(objective, objectives, past)
  if (severity === null || severity === open) return null
  return { do: open === null ? 'raise' : 'escalate', severity }
}
