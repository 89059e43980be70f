import { pageOfEvents, positionAt } from '../../../../projections/event-queries.ts'
import { type Operation, operation } from '../../operation.ts'
import { demand } from '../../permission.ts'
import type { Services } from '../../services.ts'
import { standingAt } from './as-of.ts'
import { exportOf } from './export.ts'
import { formatsByName } from './formats.ts'
import { openerFor } from './personal.ts'
import { eventsQuery, filterOf, formatOf, hiddenFrom, limitOf } from './query.ts'
import { shownEvent } from './run.ts'
import { eventsAnswer } from './schemas-events.ts'

/** `/history/events`: whatever happened, by whatever one asks for. */
export const eventsOperation = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/events',
    summary: "The tenant's events in ledger order: page by page, or as CSV, NDJSON or OCSF",
    action: 'ReadHistory',
    kind: 'query',
    recordedFirst: true,
    parameters: {},
    query: eventsQuery,
    personal: ['actor', 'text'],
    answers: {
      200: {
        description: 'a page of events, oldest first; an export takes ExportHistory',
        schema: eventsAnswer,
        or: ['text/csv', 'application/x-ndjson'],
      },
    },
    codes: [],
    handle: async (c, { query }) => {
      const { reads, views } = services
      const format = formatOf(c, query)
      if (format !== 'json') demand(c, services, 'ExportHistory')
      const limit = limitOf(query, format !== 'json')
      const cursor = query.cursor === undefined ? -1 : Number(reads.positions.open(query.cursor, 'cursor'))
      const filter = await filterOf(query, hiddenFrom(c, services), openerFor(c, services))
      const standing = await standingAt(c, query.as_of, services)
      const after = Math.max(cursor, query.from === undefined ? -1 : positionAt(views, Date.parse(query.from) - 1))
      const until = query.to === undefined ? standing : Math.min(standing, positionAt(views, Date.parse(query.to) - 1))
      if (format !== 'json') {
        return exportOf(c, services, { filter, format: formatsByName[format], after, until, rowsMax: limit })
      }
      const page = await pageOfEvents(views, c.get('principal').tenant, filter, { after, until, limit })
      return c.json({
        events: page.rows.map((row) => ({ ...shownEvent(row), position: reads.seal(BigInt(row.position)) })),
        next: reads.seal(BigInt(page.end)),
        more: page.more,
        as_of: reads.seal(BigInt(standing)),
      })
    },
  })
