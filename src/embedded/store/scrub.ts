import type { Verifier } from './verify.ts'

const recordsPerSlice = 24
const pauseMs = 25

/**
 * Verifies every record once, oldest first, in slices too small to be felt and only while nothing waits to be
 * written. Answers how to stop it.
 */
export const startScrub = (
  verifier: Verifier,
  until: number,
  isIdle: () => boolean,
  report: (position: number) => void,
): (() => void) => {
  let cursor = 0
  const timer = setInterval(() => {
    if (!isIdle()) return
    const slice = verifier.slice(cursor, recordsPerSlice)
    cursor = slice.cursor
    for (const position of slice.damaged) report(position)
    if (slice.checked === 0 || cursor >= until) clearInterval(timer)
  }, pauseMs).unref()
  return () => clearInterval(timer)
}
