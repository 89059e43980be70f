import type { Context } from 'hono'
import { newestCheckpoint } from '../../../../projections/checkpoints.ts'
import { type EventFilter, pageOfEvents } from '../../../../projections/event-queries.ts'
import type { Env } from '../../context.ts'
import type { Services } from '../../services.ts'
import { bodyOf } from '../events/body.ts'
import type { ExportEnd, Format } from './formats.ts'

const pageRows = 1_000
/** Who takes nothing for so long gets no more. */
const stallMs = 60_000

interface Export {
  filter: EventFilter
  format: Format
  /** Positions: `after` is not included, `until` is. */
  after: number
  until: number
  rowsMax: number
}

/** The events page by page, each made when the one before was taken, and at the end what the export is. */
export const exportOf = (c: Context<Env>, services: Services, asked: Export): Response => {
  const { tenant } = c.get('principal')
  const checkpoint = checkpointOf(services, tenant)
  const name = asked.format.type === 'text/csv' ? 'events.csv' : 'events.ndjson'
  c.header('Content-Type', asked.format.type === 'text/csv' ? 'text/csv; charset=utf-8' : asked.format.type)
  c.header('Content-Disposition', `attachment; filename="${name}"`)
  c.header('Ledger-Checkpoint', checkpoint ? `${checkpoint.log} ${checkpoint.size} ${checkpoint.root}` : 'none')
  if (c.req.method === 'HEAD') return c.body(null)
  const ending = new AbortController()
  const lines = linesOf(services, { ...asked, tenant, checkpoint, signal: ending.signal })
  return c.body(bodyOf(lines, { end: () => ending.abort(), stallMs }))
}

const checkpointOf = ({ views }: Services, tenant: string): ExportEnd['checkpoint'] => {
  const newest = newestCheckpoint(views, tenant, 'commands')
  if (!newest) return null
  const { log, size, root, note, recorded_at } = newest
  return { log, size, root, note, recorded_at }
}

interface Running extends Export {
  tenant: string
  checkpoint: ExportEnd['checkpoint']
  signal: AbortSignal
}

async function* linesOf(services: Services, running: Running): AsyncGenerator<string, void> {
  const { log, nowMs, reads, views } = services
  const { tenant, filter, format, until, rowsMax, checkpoint, signal } = running
  let { after } = running
  let events = 0
  let more = true
  try {
    yield format.head
    while (more && events < rowsMax) {
      const limit = Math.min(pageRows, rowsMax - events)
      const page = await pageOfEvents(views, tenant, filter, { after, until, limit })
      if (signal.aborted) return
      events += page.rows.length
      more = page.more
      after = page.end
      if (page.rows.length > 0) yield page.rows.map((row) => format.line(row)).join('')
    }
    const next = reads.seal(BigInt(after))
    const said = { events, more, next, as_of: reads.seal(BigInt(until)), checkpoint }
    yield format.end({ exported_at: new Date(nowMs()).toISOString(), ...said, statement: statementOf(said) })
  } catch (error) {
    log.error('an export of events failed', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    throw error
  }
}

const statementOf = ({ events, more, next, checkpoint }: Omit<ExportEnd, 'exported_at' | 'statement'>): string =>
  [
    `${events} events.`,
    more ? `There are more: go on with cursor=${next}.` : 'These are all that fit.',
    checkpoint
      ? `The newest checkpoint was of ${checkpoint.size} leaves, recorded at ${checkpoint.recorded_at}.`
      : 'No checkpoint had been signed yet.',
  ].join(' ')
