import type { z } from 'zod'
import { type LoggedRun, loggedRuns } from '../../../../../projections/log-queries.ts'
import { type FoundLine, type LogFilter, type LogPlace, readRunLog } from '../../../../app/run-log-pages.ts'
import { must, parseRunId, type TenantId } from '../../../../domain/ids.ts'
import type { Services } from '../../../services.ts'
import { type logsPage, type RunsPlace, shownLine, textOfRunsPlace } from './schemas.ts'

/** What one call looks at, whatever it finds. */
const runsMax = 200
const eventsMax = 2_000
const dayMs = 86_400_000
/** Runs that were requested longer before the first line that is asked for are not looked into. */
const beforeDays = 7
/** A worker says its last lines when the run has ended already, and all of them by a clock of its own. */
const clocksMs = 60_000

/** For how long lines are kept. */
export const keptOf = ({ nowMs, runLogDays }: Pick<Services, 'nowMs' | 'runLogDays'>) => ({
  kept_days: runLogDays,
  kept_since: new Date(nowMs() - runLogDays * dayMs).toISOString(),
})

interface Asked extends LogFilter {
  pipeline?: string | undefined
  environment?: string | undefined
  runId?: string | undefined
  linesMax: number
  at: RunsPlace | undefined
}

/** Reads the logs of runs in turn, the newest run first, until the page is full or one of the bounds is reached. */
export const searchLogs = async (
  services: Services,
  tenant: TenantId,
  asked: Asked,
): Promise<z.input<typeof logsPage>> => {
  const { pipeline, environment, runId, at, linesMax, ...filter } = asked
  const kept = keptOf(services)
  const from = new Date(Math.max(Date.parse(filter.from ?? kept.kept_since), Date.parse(kept.kept_since)) - clocksMs)
  const to = filter.to && new Date(Date.parse(filter.to) + clocksMs).toISOString()
  const since = new Date(from.getTime() - beforeDays * dayMs).toISOString()
  const period = { since, from: from.toISOString(), to }
  const runs = loggedRuns(services.views, tenant, { pipeline, environment, runId, ...period, at }, runsMax + 1)
  const lines: ReturnType<typeof shownIn>[] = []
  let events = 0
  const answer = (next: RunsPlace | null) => ({
    lines,
    next: next && textOfRunsPlace(next),
    stopped_early: next !== null && lines.length < linesMax,
    ...kept,
  })
  for (const [index, run] of runs.entries()) {
    const place = at && index === 0 && at.runId === run.run_id ? at.place : null
    if (index === runsMax) return answer(placeIn(run, place))
    const wanted = { filter, from: place, isBackwards: false, linesMax: linesMax - lines.length }
    const of = { tenant, runId: must(parseRunId(run.run_id), 'run id') }
    const page = await readRunLog(services.streams, of, { ...wanted, eventsMax: eventsMax - events })
    for (const line of page.lines) lines.push(shownIn(run, line))
    events += page.events
    if (page.next !== null) return answer(placeIn(run, page.next))
    const following = runs[index + 1]
    if (lines.length === linesMax) return answer(following ? placeIn(following, null) : null)
  }
  return answer(null)
}

const placeIn = ({ requested_at: requestedAt, run_id: runId }: LoggedRun, place: LogPlace | null): RunsPlace => ({
  requestedAt,
  runId,
  place,
})

const shownIn = ({ run_id, pipeline, environment }: LoggedRun, line: FoundLine) => ({
  run_id,
  pipeline,
  environment,
  ...shownLine(line),
})
