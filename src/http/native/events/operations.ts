import type { Context } from 'hono'
import { z } from 'zod'
import { LedgerUnavailable } from '../../../app/ports/ledger.ts'
import { Rejection } from '../../../domain/codes.ts'
import type { Env } from '../../context.ts'
import type { Dialect } from '../../dialect.ts'
import { batchCodes, nativeError, problem } from '../../errors.ts'
import { type Operation, operation } from '../../operation.ts'
import { mayDo } from '../../permission.ts'
import type { Services } from '../../services.ts'
import { messagesOf } from './messages.ts'
import { retryAfterSeconds, streamed } from './place.ts'
import { eventsQuery, wantedOf } from './query.ts'

const header = 'Last-Event-ID'

/** `/events`: what happens, as it happens. */
export const eventsDialect = (services: Services): Dialect => ({
  name: 'events',
  prefix: '/events',
  scheme: 'bearer',
  limits: 'generous',
  operations: [eventStream(services)],
  shape: nativeError,
  statusOf: (code) => batchCodes[code][0],
  errorSchema: problem,
  errorType: 'application/problem+json',
})

const message = z.string().meta({
  description:
    'Server-Sent Events: `id` is where to resume, `event` the type, `data` a CloudEvent (see /asyncapi.json)',
})

const eventStream = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '',
    summary: "The tenant's events as they happen, each a CloudEvent, as Server-Sent Events",
    action: 'ReadEvents',
    kind: 'query',
    recordedFirst: true,
    parameters: {},
    query: eventsQuery,
    answers: {
      200: { description: 'events, until either side ends the stream', schema: message, type: 'text/event-stream' },
    },
    codes: ['UNAVAILABLE'],
    handle: async (c, { query }) => {
      const { reads } = services
      const { tenant } = c.get('principal')
      const wanted = wantedOf(query, mayDo(c, services, 'ReadWebhooks').allowed)
      const after = await beginning(c, query.after, services)
      c.header('Ledger-Position', reads.positions.seal(after))
      return streamed(c, services, (signal) => messagesOf(services, { tenant, wanted, after, signal }))
    },
  })

/** The position that the client names, or the ledger's end now. */
const beginning = async (c: Context<Env>, query: string | undefined, { live, reads }: Services): Promise<bigint> => {
  const [field, asked] = c.req.header(header) === undefined ? ['after', query] : [header, c.req.header(header)]
  const after = asked === undefined ? undefined : reads.positions.open(asked, field)
  const head = await live.feed.head().catch((error) => {
    if (!(error instanceof LedgerUnavailable)) throw error
    c.header('Retry-After', retryAfterSeconds)
    throw new Rejection('LEDGER_UNAVAILABLE', 'the ledger does not answer; ask again')
  })
  if (after !== undefined && after > head) {
    const message = `${field} is beyond the end of the ledger, which was put back to an earlier state; begin anew without it`
    throw new Rejection('VALIDATION_FAILED', message, { field })
  }
  return after ?? head
}
