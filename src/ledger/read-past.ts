import { type AllStreamResolvedEvent, type EventStoreDBClient, START } from '@eventstore/db-client'
import type { RawEvent } from './codec.ts'
import { translate } from './translate.ts'

const pageEvents = 256
const pageTimeoutMs = 60_000

/**
 * The ledger's events after a position (-1: from its start), up to `until`. In pages, each read to its end while the one
 * before is being taken: a reading without an end would run after the events that are being appended, and one that is
 * left on its way stays open. Throws LedgerUnavailable.
 */
export async function* readPast(client: EventStoreDBClient, after: bigint, until: bigint): AsyncGenerator<RawEvent> {
  if (after >= until) return
  for (let from = after, coming = readPage(client, after); ; ) {
    const page = await coming
    from = page.at(-1)?.position.commit ?? from
    const isLast = page.length < pageEvents || from >= until
    if (!isLast) {
      coming = readPage(client, from)
      // Of a reading that is left, nobody asks any more what became of it.
      coming.catch(() => undefined)
    }
    for (const event of page) if (event.position.commit > after && event.position.commit <= until) yield event
    if (isLast) return
    after = from
  }
}

type Positioned = NonNullable<AllStreamResolvedEvent['event']>

/** Begins with the event at the position itself, where there is one. */
const readPage = async (client: EventStoreDBClient, from: bigint): Promise<Positioned[]> => {
  const fromPosition = from < 0n ? START : { commit: from, prepare: from }
  const events: Positioned[] = []
  try {
    const read = client.readAll({ fromPosition, maxCount: pageEvents, deadline: pageTimeoutMs })
    for await (const { event } of read) if (event) events.push(event)
  } catch (error) {
    throw translate(error)
  }
  return events
}
