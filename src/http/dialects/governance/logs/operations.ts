import type { Context } from 'hono'
import type { z } from 'zod'
import { type LogFilter, type LogPlace, readRunLog } from '../../../../app/run-log-pages.ts'
import { orUnavailable } from '../../../../app/unavailable.ts'
import { Rejection } from '../../../../domain/codes.ts'
import type { RunId } from '../../../../domain/ids.ts'
import type { Env } from '../../../context.ts'
import { streamed } from '../../../native/events/place.ts'
import { type Operation, operation } from '../../../operation.ts'
import { runIdIn, runIn } from '../../../run-ids.ts'
import type { Services } from '../../../services.ts'
import { followedLog } from './follow.ts'
import {
  logsPage,
  logsQuery,
  pageLines,
  parsePlace,
  type RunLogQuery,
  runLogPage,
  runLogQuery,
  shownLine,
  textOfPlace,
} from './schemas.ts'
import { keptOf, searchLogs } from './search.ts'

const lastEventId = 'Last-Event-ID'
/** Of events that one page of one run looks at; most hold many lines. */
const eventsMax = 2_000

/** What runs have said. It is no evidence, and is kept for a while only. */
export const logOperations = (services: Services): Operation[] => [logOfRun(services), logsOfRuns(services)]

const logOfRun = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/runs/{run_id}/logs',
    summary: 'What a run has said, line by line; or, with `follow=true`, what it says',
    action: 'ReadLogs',
    kind: 'query',
    parameters: { run_id: 'the run' },
    query: runLogQuery,
    answers: {
      200: { description: 'a page of lines, or a stream of them', schema: runLogPage, or: ['text/event-stream'] },
    },
    codes: ['RUN_NOT_FOUND', 'UNAVAILABLE'],
    handle: async (c, { query }) => {
      await runIn(c, services)
      const runId = runIdIn(c)
      if (query.follow === 'true') return follow(c, services, runId, query)
      const { limit: linesMax = pageLines, cursor: from = null, order = 'asc' } = query
      const wanted = { filter: filterOf(query), from, isBackwards: order === 'desc', linesMax, eventsMax }
      const { lines, next } = await orUnavailable(() =>
        readRunLog(services.streams, { tenant: c.get('principal').tenant, runId }, wanted),
      )
      return c.json({
        run_id: runId,
        lines: lines.map(shownLine),
        next: next && textOfPlace(next),
        stopped_early: next !== null && lines.length < linesMax,
        ...keptOf(services),
      } satisfies z.input<typeof runLogPage>)
    },
  })

const logsOfRuns = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/logs',
    summary: 'What runs have said: the newest run first, and its lines in their order',
    action: 'ReadLogs',
    kind: 'query',
    parameters: {},
    query: logsQuery,
    answers: { 200: { description: 'a page of lines', schema: logsPage } },
    codes: [],
    handle: async (c, { query }) => {
      await services.reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const { run_id: runId, error_type: code, limit = pageLines, cursor, ...filter } = query
      const asked = { ...filter, code, runId, linesMax: limit, at: cursor }
      const page = await orUnavailable(() => searchLogs(services, tenant, asked))
      return c.json(page satisfies z.input<typeof logsPage>)
    },
  })

const filterOf = ({ stage, level, error_type: code, text, attempt }: RunLogQuery): LogFilter => ({
  stage,
  level,
  code,
  text,
  attempt,
})

const follow = (c: Context<Env>, services: Services, runId: RunId, query: RunLogQuery): Response => {
  for (const field of ['limit', 'order'] as const) {
    if (query[field] !== undefined) {
      throw new Rejection('VALIDATION_FAILED', `${field}: not together with follow`, { field })
    }
  }
  const from = resumedAt(c, query)
  const { tenant } = c.get('principal')
  const filter = filterOf(query)
  return streamed(c, services, (signal) => followedLog(services, { tenant, runId, filter, from, signal }))
}

const resumedAt = (c: Context<Env>, { cursor }: RunLogQuery): LogPlace => {
  const given = c.req.header(lastEventId)
  const found = given === undefined ? (cursor ?? { revision: 0n, line: 0 }) : parsePlace(given)
  if (found) return found
  throw new Rejection('VALIDATION_FAILED', `${lastEventId}: must be the id of a line`, { field: lastEventId })
}
