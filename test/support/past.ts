import { minuteMs, type Past } from '../../src/domain/slo/measured.ts'

/** A run that ended at a minute, and what of. */
export interface EndedRun {
  minute: number
  outcome: 'good' | 'late' | 'failed'
}

/** So many runs, evenly from one minute to another. */
export const evenly = (from: number, to: number, count: number, outcome: EndedRun['outcome'] = 'good'): EndedRun[] =>
  Array.from({ length: count }, (_, index) => ({ minute: from + (index * (to - from)) / count, outcome }))

/** What runs came to, as seen from a minute. `reads` are the windows that were asked for, in minutes. */
export const pastOf = (runs: readonly EndedRun[], now: number) => {
  const reads: number[] = []
  const seen = runs.filter(({ minute }) => minute <= now)
  const past: Past = {
    count: (lastMs) => {
      reads.push(lastMs / minuteMs)
      const within = seen.filter(({ minute }) => minute >= now - lastMs / minuteMs)
      const of = (outcome: EndedRun['outcome']) => within.filter((run) => run.outcome === outcome).length
      return { succeeded: of('good') + of('late'), failed: of('failed'), within: of('good') }
    },
    ageMs: () => {
      const newest = Math.max(...seen.filter(({ outcome }) => outcome !== 'failed').map(({ minute }) => minute))
      return Number.isFinite(newest) ? (now - newest) * minuteMs : null
    },
  }
  return { past, reads }
}
