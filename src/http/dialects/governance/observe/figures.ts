import type { Outcome, ShortRow } from '../../../../../projections/metric-queries.ts'

export interface Spread {
  count: number
  mean: number
  p50: number
  p90: number
  p95: number
  p99: number
  max: number
}

/** Percentiles by nearest rank: each is a value that was measured. Seconds, of milliseconds; null of nothing. */
export const spreadOf = (valuesMs: readonly number[]): Spread | null => {
  const sorted = Float64Array.from(valuesMs).sort()
  const count = sorted.length
  if (count === 0) return null
  const rank = (percent: number): number => (sorted[Math.ceil((percent * count) / 100) - 1] ?? 0) / 1_000
  const mean = Math.round(sorted.reduce((sum, value) => sum + value, 0) / count) / 1_000
  return { count, mean, p50: rank(50), p90: rank(90), p95: rank(95), p99: rank(99), max: rank(100) }
}

/** In the order of the first; null where either is missing. */
export const between = (fromMs: number | null, toMs: number | null): number | null =>
  fromMs === null || toMs === null ? null : toMs - fromMs

const isKnown = (value: number | null): value is number => value !== null

/** Of runs that ended. How long one took and whether it erred says nothing of a run that was canceled or rejected. */
export const figuresOf = (rows: readonly ShortRow[]) => {
  const counts: Record<Outcome, number> = { succeeded: 0, failed: 0, canceled: 0, rejected: 0 }
  const errors = new Map<string, number>()
  for (const { outcome, error_code: code } of rows) {
    if (outcome !== null) counts[outcome] += 1
    if (outcome === 'failed') errors.set(code ?? '', (errors.get(code ?? '') ?? 0) + 1)
  }
  const finished = rows.filter(({ outcome }) => outcome === 'succeeded' || outcome === 'failed')
  const costs = rows.map(({ cost_usd: cost }) => cost).filter(isKnown)
  const queued = rows.map((row) => between(row.queued_ms, row.started_ms)).filter(isKnown)
  const durations = finished.map((row) => between(row.started_ms, row.ended_ms)).filter(isKnown)
  return {
    runs: { total: rows.length, ...counts },
    error_rate: finished.length === 0 ? null : counts.failed / finished.length,
    errors: [...errors]
      .map(([code, count]) => ({ code, count }))
      .sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1)),
    duration_seconds: spreadOf(durations),
    queue_seconds: spreadOf(queued),
    cost: { usd: roundedUsd(costs), runs: costs.length },
  }
}

/** To a billionth, so that sums of rates look like what they are. */
const roundedUsd = (costs: readonly number[]): number =>
  Math.round(costs.reduce((sum, cost) => sum + cost, 0) * 1e9) / 1e9
