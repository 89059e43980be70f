import { runById } from '../../../../projections/run-queries.ts'
import { cloudEventOf, type Entity } from '../../../app/cloud-events.ts'
import { pipelineIdOf } from '../../../app/ids.ts'
import type { LedgerEvent } from '../../../app/ports/ledger.ts'
import type { Slug, TenantId } from '../../../domain/ids.ts'
import type { Services } from '../../services.ts'
import type { Wanted } from './query.ts'

/** Each as long as a read waits for the views; a stream whose views are further behind ends, to be taken up again. */
const viewsWaitsMax = 60
/** How long a client waits before it comes again. */
const retryMs = 1_000

interface Watched {
  tenant: TenantId
  wanted: Wanted
  after: bigint
  signal: AbortSignal
}

/** An id without an event: who is cut off before the first event resumes where it began, not where the ledger is then. */
const opening = (id: string): string => `retry: ${retryMs}\nid: ${id}\n\n`

/** Server-Sent Events (HTML Living Standard, 9.2), one for each event that is wanted; an empty text for another. */
export async function* messagesOf(services: Services, watched: Watched): AsyncGenerator<string, void> {
  const { live, log, reads } = services
  const { tenant, wanted, after, signal } = watched
  yield opening(reads.positions.seal(after))
  try {
    for await (const event of live.feed.follow({ tenant, categories: wanted.entities }, after, signal)) {
      const published = cloudEventOf(event)
      const isAsked =
        published !== null &&
        (wanted.types?.has(event.type) ?? true) &&
        (wanted.run === null || published.cloudEvent.subject === wanted.run) &&
        (wanted.pipeline === null ||
          (await isOf(wanted.pipeline, event, { tenant, entity: published.entity, services, signal })))
      if (signal.aborted) return
      if (!isAsked) yield ''
      else {
        const id = reads.positions.seal(event.position)
        yield `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(published.cloudEvent)}\n\n`
      }
    }
  } catch (error) {
    // The stream ends between two events, and its client takes it up again after the last.
    log.error('a stream of events failed', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  }
}

const isAlertOf = (id: string, event: LedgerEvent['event'], pipeline: Slug, pipelineId: string): boolean =>
  id.startsWith(`slo-${pipelineId}-`) || (event?.type === 'BreakGlassAlertRaised' && event.data.pipeline === pipeline)

interface Seen {
  tenant: TenantId
  entity: Entity
  services: Pick<Services, 'views' | 'reads'>
  signal: AbortSignal
}

const isOf = async (pipeline: Slug, { stream, position, event }: LedgerEvent, seen: Seen): Promise<boolean> => {
  const { tenant, entity, services, signal } = seen
  const id = stream.slice(stream.indexOf('.') + 1)
  const pipelineId = pipelineIdOf(tenant, pipeline)
  if (entity === 'alert') return isAlertOf(id, event, pipeline, pipelineId)
  if (entity !== 'run') return id === pipelineId || id.startsWith(`${pipelineId}.`)
  if (event?.type === 'RunRequested') return event.data.pipeline === pipeline
  const { views, reads } = services
  for (let waits = 0; waits < viewsWaitsMax && !signal.aborted; waits += 1) {
    // A run keeps its pipeline: once it is there, the views need not be any newer.
    const run = runById(views, tenant, id)
    if (run) return run.pipeline === pipeline
    if (await reads.reached(position)) return runById(views, tenant, id)?.pipeline === pipeline
  }
  if (signal.aborted) return false
  throw new Error('the views are too far behind')
}
