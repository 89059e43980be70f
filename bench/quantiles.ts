/** Milliseconds as `<count>  p50 … p99 … max …`. */
export const quantiles = (times: readonly number[], digits = 1): string => {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number) => (sorted[Math.floor(sorted.length * part)] ?? Number.NaN).toFixed(digits)
  return `${times.length}  p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  max ${at(1 - 1 / sorted.length)} ms`
}
