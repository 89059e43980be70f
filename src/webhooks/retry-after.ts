const retryAfterMaxMs = 24 * 60 * 60 * 1_000

const imfFixdate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * How long a `Retry-After` header asks to wait, in ms, at most 24 h; null when it is absent or says nothing. Seconds, or
 * a date in the form that senders must write (RFC 9110 §10.2.3, §5.6.7).
 */
export const retryAfterOf = (header: string | undefined, nowMs: number): number | null => {
  const text = header?.trim() ?? ''
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1_000 : imfFixdate.test(text) ? Date.parse(text) - nowMs : NaN
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), retryAfterMaxMs)
}
