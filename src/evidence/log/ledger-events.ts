import type { IndexedEvent } from '../bundle.ts'
import type { LedgerLeaf } from './builder.ts'
import type { LeafPlace } from './reader.ts'

/** The ledger's events, as it stores them. */
export interface LedgerEvents {
  /** From the first one on. */
  stream(name: string, countMax: number): Promise<LedgerLeaf[]>
  at(stream: string, revision: bigint): Promise<LedgerLeaf | undefined>
  last(stream: string): Promise<LedgerLeaf | undefined>
  /** Of all streams, from a position on, that one included: some at a time, as they come. */
  from(position: bigint, count: number): AsyncIterable<LedgerLeaf[]>
}

const pageFirst = 64
const pageMin = 4
const pageMax = 4_096

/**
 * The events of leaves, which are in ascending order, as they come. They are asked off the whole ledger in pages: large
 * ones where leaves stand close together, small ones where other tenants' events lie between them.
 */
export async function* partsOfLeaves(
  events: Pick<LedgerEvents, 'from'>,
  places: readonly LeafPlace[],
): AsyncGenerator<IndexedEvent[]> {
  let [done, count] = [0, pageFirst]
  for (let next = places[0]; next; next = places[done]) {
    const before = done
    for await (const part of events.from(next.position, count)) {
      const found = amongPlaces(part, places, done)
      done += found.length
      if (found.length > 0) yield found
    }
    if (done === before) throw new Error(`the ledger has no event ${next.event} of leaf ${next.index}`)
    count = Math.min(Math.max((done - before) * 4, pageMin), pageMax, (places.length - done) * 4)
  }
}

export const eventsOfLeaves = async (
  events: Pick<LedgerEvents, 'from'>,
  places: readonly LeafPlace[],
): Promise<IndexedEvent[]> => {
  const found: IndexedEvent[] = []
  for await (const part of partsOfLeaves(events, places)) found.push(...part)
  return found
}

/** Of some events of the ledger, those that stand at the places from `done` on. */
const amongPlaces = (events: readonly LedgerLeaf[], places: readonly LeafPlace[], done: number): IndexedEvent[] => {
  const found: IndexedEvent[] = []
  for (const event of events) {
    const place = places[done + found.length]
    if (place?.event === event.id) found.push({ index: place.index, event })
  }
  return found
}
