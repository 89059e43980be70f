const hourMs = 3_600_000
const unitsMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: hourMs }
const waitMaxMs = 24 * hourMs
const attemptsMax = 100
const jitter = 0.1

const waitOf = (text: string): number => {
  const [, digits, unit = ''] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? []
  const waitMs = Number(digits) * (unitsMs[unit] ?? 0)
  if (Number.isNaN(waitMs) || waitMs > waitMaxMs) {
    throw new Error(`a retry schedule has whole numbers of ms, s, m or h, each at most 24h: not '${text}'`)
  }
  return waitMs
}

/** `0s,5s,5m`: the wait before each attempt, the first too, in ms. */
export const parseSchedule = (text: string): number[] => {
  const waits = text.split(',').map((each) => waitOf(each.trim()))
  if (waits.length > attemptsMax) throw new Error(`a retry schedule has at most ${attemptsMax} attempts`)
  return waits
}

export interface Planned {
  /** How many attempts there were; 0 plans the first. */
  readonly attempt: number
  /** The wait before each attempt, in ms. */
  readonly schedule: readonly number[]
  readonly nowMs: number
  /** What the receiver asked for with its last answer. */
  readonly retryAfterMs: number | null
  /** A number from 0 up to 1. */
  readonly random: () => number
}

/**
 * When to send next, in whole ms since 1970, and null once the schedule is exhausted. The wait is the schedule's ± 10 %,
 * or the receiver's where that is longer, and never more than 24 h.
 */
export const nextAttemptAt = ({ attempt, schedule, nowMs, retryAfterMs, random }: Planned): number | null => {
  const waitMs = schedule[attempt]
  if (waitMs === undefined) return null
  const jitteredMs = Math.round(waitMs * (1 - jitter + 2 * jitter * random()))
  return nowMs + Math.min(Math.max(jitteredMs, retryAfterMs ?? 0), waitMaxMs)
}
