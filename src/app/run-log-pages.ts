import { type RunId, streamName, type TenantId } from '../domain/ids.ts'
import { type LogLevel, type LogLine, logLevels } from '../domain/run-log/events.ts'
import type { LedgerEvent } from './ports/ledger.ts'
import type { LedgerStreams } from './ports/ledger-streams.ts'

/** A line of a run's log: the event that holds it, and its index there. */
export interface LogPlace {
  revision: bigint
  line: number
}

export interface FoundLine extends LogLine {
  attempt: number
  place: LogPlace
}

/** What is not given lets all lines through. */
export interface LogFilter {
  stage?: string | undefined
  /** At least as serious as this. */
  level?: LogLevel | undefined
  /** The type of the error. */
  code?: string | undefined
  /** Part of the message, in any case. */
  text?: string | undefined
  attempt?: number | undefined
  /** ISO times: from then on, and before. */
  from?: string | undefined
  to?: string | undefined
}

export interface LogQuery {
  filter: LogFilter
  /** Where to begin, that line included; null: with the first line that is kept, or the last one backwards. */
  from: LogPlace | null
  isBackwards: boolean
  linesMax: number
  /** How many events may be looked at. */
  eventsMax: number
}

export interface LogPage {
  lines: FoundLine[]
  /** The next line to look at; null when there is none. */
  next: LogPlace | null
  /** How many events were looked at. */
  events: number
}

const eventsPerRead = 64

/** Behind all lines that an event may have. */
const lastLine = Number.MAX_SAFE_INTEGER

export const logStream = (tenant: TenantId, runId: RunId) => streamName('runlog', tenant, runId)

/** The lines of a run that a filter lets through, a page at a time. Throws LedgerUnavailable. */
export const readRunLog = async (
  source: Pick<LedgerStreams, 'readRange'>,
  { tenant, runId }: { tenant: TenantId; runId: RunId },
  { filter, from, isBackwards, linesMax, eventsMax }: LogQuery,
): Promise<LogPage> => {
  const stream = logStream(tenant, runId)
  const lines: FoundLine[] = []
  let next = from
  for (let events = 0; ; ) {
    const countMax = Math.min(eventsPerRead, eventsMax - events)
    if (countMax <= 0) return { lines, next, events }
    const read = await source.readRange(stream, { from: next?.revision ?? null, isBackwards, countMax })
    for (const event of read) {
      const found = linesOf(event, filter)
      for (const line of isBackwards ? found.reverse() : found) {
        if (from !== null && isBefore(line.place, from, isBackwards)) continue
        if (lines.length === linesMax) return { lines, next: line.place, events }
        lines.push(line)
      }
      events += 1
    }
    const last = read.at(-1)
    if (last === undefined || read.length < countMax || (isBackwards && last.revision === 0n)) {
      return { lines, next: null, events }
    }
    next = isBackwards ? { revision: last.revision - 1n, line: lastLine } : { revision: last.revision + 1n, line: 0 }
  }
}

const isBefore = (place: LogPlace, from: LogPlace, isBackwards: boolean): boolean => {
  const distance = place.revision === from.revision ? place.line - from.line : Number(place.revision - from.revision)
  return isBackwards ? distance > 0 : distance < 0
}

/** The lines of one event that a filter lets through. */
export const linesOf = ({ event, revision }: LedgerEvent, filter: LogFilter): FoundLine[] => {
  if (event?.type !== 'RunLogged') return []
  const { attempt, lines } = event.data
  if (filter.attempt !== undefined && attempt !== filter.attempt) return []
  return lines.flatMap((line, index) =>
    isWanted(line, filter) ? [{ ...line, attempt, place: { revision, line: index } }] : [],
  )
}

const isWanted = (line: LogLine, { stage, level, code, text, from, to }: LogFilter): boolean =>
  (stage === undefined || line.stage === stage) &&
  (level === undefined || logLevels.indexOf(line.level) >= logLevels.indexOf(level)) &&
  (code === undefined || line.code === code) &&
  (text === undefined || line.message.toLowerCase().includes(text.toLowerCase())) &&
  (from === undefined || line.at >= from) &&
  (to === undefined || line.at < to)
