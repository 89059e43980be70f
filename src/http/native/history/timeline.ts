import { z } from 'zod'
import { eventsOfRun } from '../../../../projections/event-queries.ts'
import type { EventRow } from '../../../../projections/event-rows.ts'
import { Rejection } from '../../../domain/codes.ts'
import { type Operation, operation } from '../../operation.ts'
import type { Services } from '../../services.ts'
import { standingAt } from './as-of.ts'
import { asOf, hiddenFrom } from './query.ts'
import { entityOf, runIdOf, shownEvent } from './run.ts'
import { timelineAnswer } from './schemas-events.ts'

const eventsMax = 2_000

/** `/history/runs/{run_id}/timeline`: what led to what. */
export const timelineOperation = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/runs/{run_id}/timeline',
    summary: "A run's story, with its claims and the messages about it: what led to what, in words",
    action: 'ReadHistory',
    kind: 'query',
    recordedFirst: true,
    parameters: { run_id: 'the run, with or without a prefix' },
    query: z.strictObject({ as_of: asOf.optional() }),
    answers: { 200: { description: 'what happened, oldest first', schema: timelineAnswer } },
    codes: ['RUN_NOT_FOUND'],
    handle: async (c, { query }) => {
      const until = await standingAt(c, query.as_of, services)
      const { reads, views } = services
      const { tenant } = c.get('principal')
      const asked = c.get('params').run_id ?? ''
      const rowsOf = (runId: string) => eventsOfRun(views, tenant, runId, until, eventsMax + 1)
      // A prefix may also be how a run's own id begins.
      const own = rowsOf(asked)
      const runId = own.some(isOfRun) ? asked : runIdOf(asked)
      const rows = runId === asked ? own : rowsOf(runId)
      if (!rows.some(isOfRun)) throw new Rejection('RUN_NOT_FOUND', `run '${runId}' not found`)
      const hidden = hiddenFrom(c, services)
      const shown = rows.slice(0, eventsMax).filter(({ type }) => !hidden.has(type))
      return c.json({
        run_id: runId,
        as_of: reads.seal(BigInt(until)),
        events: storyOf(shown),
        more: rows.length > eventsMax,
      })
    },
  })

const isOfRun = (row: EventRow): boolean => entityOf(row).entity === 'run'

/** Events with their causes, as far as these are among them. */
const storyOf = (rows: readonly EventRow[]) => {
  const byEvent = new Map<string, number>()
  const byCommand = new Map<string, number>()
  const byDelivery = new Map<string, number>()
  const depths: number[] = []
  const startMs = rows[0]?.recorded_ms ?? 0
  return rows.map((row, index) => {
    const n = index + 1
    // An attempt names no cause: it is made because the message was due.
    const due = entityOf(row).entity === 'delivery' ? byDelivery.get(row.stream) : undefined
    const causedBy = byEvent.get(row.causation_id) ?? byCommand.get(row.causation_id) ?? due ?? null
    const depth = causedBy === null ? 0 : (depths[causedBy - 1] ?? 0) + 1
    depths.push(depth)
    byEvent.set(row.id, n)
    // What a command did first stands for it.
    if (!byCommand.has(row.command_id)) byCommand.set(row.command_id, n)
    if (!byDelivery.has(row.stream)) byDelivery.set(row.stream, n)
    return { n, offset_ms: row.recorded_ms - startMs, caused_by: causedBy, depth, ...shownEvent(row) }
  })
}
