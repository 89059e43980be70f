import { runById } from '../../../../../projections/run-queries.ts'
import type { LedgerEvent } from '../../../../app/ports/ledger.ts'
import { type LogFilter, type LogPlace, linesOf, logStream } from '../../../../app/run-log-pages.ts'
import type { RunId, TenantId } from '../../../../domain/ids.ts'
import { isEnd } from '../../../../domain/run/state.ts'
import { Upcoming } from '../../../native/events/body.ts'
import type { Services } from '../../../services.ts'
import { shownLine, textOfPlace } from './schemas.ts'

/** How often it is looked whether the run has ended. */
const lookEveryMs = 250
/** After its end a run's worker may have this long to say its last; then nothing more is waited for. */
const lastWordsMs = 10_000
/** How long a client waits before it comes again. */
const retryMs = 1_000
const eventsPerRead = 64

interface Followed {
  tenant: TenantId
  runId: RunId
  filter: LogFilter
  /** The first line to tell. */
  from: LogPlace
  signal: AbortSignal
}

/**
 * Server-Sent Events (HTML Living Standard, 9.2): a `line` for each line, whose id is where the next one is, and an
 * `end` when the run has ended and has said its last. An empty text where there is nothing to say.
 */
export async function* followedLog(services: Services, followed: Followed): AsyncGenerator<string, void> {
  const { from, signal } = followed
  const progress = { next: from, endedAttempt: 0 }
  yield `retry: ${retryMs}\nid: ${textOfPlace(from)}\n\n`
  try {
    yield* past(services, followed, progress)
    const ending = new AbortController()
    const both = AbortSignal.any([signal, ending.signal])
    const stream = logStream(followed.tenant, followed.runId)
    const events = services.streams.followStream(stream, progress.next.revision - 1n, both)
    try {
      for (let upcoming = new Upcoming(events.next()); !signal.aborted; ) {
        const end = endOf(services, followed, progress.endedAttempt)
        if (end !== null) return yield end
        const result = await upcoming.within(lookEveryMs)
        if (result?.done) return
        if (result) upcoming = new Upcoming(events.next())
        yield result ? told(result.value, followed, progress) : ''
      }
    } finally {
      ending.abort()
    }
  } catch (error) {
    // The stream ends between two lines, and its client takes it up again after the last.
    services.log.error('a stream of log lines failed', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  }
}

interface Progress {
  next: LogPlace
  /** The last attempt that has said that it says no more. */
  endedAttempt: number
}

async function* past({ streams }: Services, followed: Followed, progress: Progress): AsyncGenerator<string, void> {
  const stream = logStream(followed.tenant, followed.runId)
  const range = { isBackwards: false, countMax: eventsPerRead }
  while (!followed.signal.aborted) {
    const events = await streams.readRange(stream, { ...range, from: progress.next.revision })
    for (const event of events) yield told(event, followed, progress)
    if (events.length < eventsPerRead) return
  }
}

/** The lines of an event as messages; what was told before is left out. */
const told = (event: LedgerEvent, { filter }: Followed, progress: Progress): string => {
  const { revision } = event
  const { next } = progress
  const messages = linesOf(event, filter)
    .filter(({ place }) => place.revision > next.revision || place.line >= next.line)
    .map((line) => {
      const id = textOfPlace({ revision, line: line.place.line + 1 })
      return `id: ${id}\nevent: line\ndata: ${JSON.stringify(shownLine(line))}\n\n`
    })
  if (event.event?.type === 'RunLogged') {
    const { attempt, isEnd, lines } = event.event.data
    if (isEnd) progress.endedAttempt = Math.max(progress.endedAttempt, attempt)
    if (revision >= next.revision) progress.next = { revision, line: Math.max(lines.length, 0) }
  }
  return messages.join('')
}

/** Null as long as more may come. */
const endOf = ({ views, nowMs }: Services, { tenant, runId }: Followed, endedAttempt: number): string | null => {
  const run = runById(views, tenant, runId)
  if (!run || !isEnd(run.status)) return null
  const isSaid = run.attempt > 0 && endedAttempt >= run.attempt
  const isLong = run.ended_at !== null && nowMs() - Date.parse(run.ended_at) > lastWordsMs
  return isSaid || isLong ? `event: end\ndata: ${JSON.stringify({ run_id: runId, status: run.status })}\n\n` : null
}
