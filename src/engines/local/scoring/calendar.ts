/**
 * The year that synthetic batches live in. It is fixed rather than the month of the request: a batch is known by its
 * id, so ingesting BATCH_001 again, next month or in a replay, must give the same bytes.
 */
const firstDay = Date.UTC(2023, 0, 1)
const dayMs = 86_400_000

/** Days of transactions that a batch holds, so also the longest observation window. */
export const historyDays = 365

const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** `YYYY-MM-DD` of each day of the history; shared strings, as a large batch names each of them many times. */
export const historyCalendar: readonly string[] = Array.from({ length: historyDays }, (_, index) =>
  isoDay(firstDay + index * dayMs),
)
export const lastDay = isoDay(firstDay + (historyDays - 1) * dayMs)

/** The first day of each month, as an index into the history. */
export const monthStarts: readonly number[] = Array.from(
  { length: 12 },
  (_, month) => (Date.UTC(2023, month, 1) - firstDay) / dayMs,
)

/** `YYYY-MM-DD` that lies a number of days before the last day of the history. */
export const daysBeforeLast = (days: number): string => isoDay(firstDay + (historyDays - 1 - days) * dayMs)

/** Days since 1970 of a `YYYY-MM-DD` text, or NaN. */
export const dayNumber = (day: string): number => Date.parse(`${day.slice(0, 10)}T00:00:00Z`) / dayMs
