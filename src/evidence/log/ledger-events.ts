import type { IndexedEvent } from '../bundle.ts'
import type { LedgerLeaf } from './builder.ts'
import type { LeafPlace } from './reader.ts'

/** The ledger's events, as it stores them. */
export interface LedgerEvents {
  /** From the first one on. */
  stream(name: string, countMax: number): Promise<LedgerLeaf[]>
  at(stream: string, revision: bigint): Promise<LedgerLeaf | undefined>
  last(stream: string): Promise<LedgerLeaf | undefined>
  /** Of all streams, from a position on, that one included. */
  from(position: bigint, count: number): Promise<LedgerLeaf[]>
}

const pageMin = 4
const pageMax = 4_096

/**
 * The events of leaves, which are in ascending order. They are read off the whole ledger in pages: large ones where
 * leaves stand close together, small ones where other tenants' events lie between them.
 */
export const eventsOfLeaves = async (
  events: Pick<LedgerEvents, 'from'>,
  places: readonly LeafPlace[],
): Promise<IndexedEvent[]> => {
  const found: IndexedEvent[] = []
  let count = 64
  for (let next = places[0]; next; next = places[found.length]) {
    const before = found.length
    for (const event of await events.from(next.position, count)) {
      const place = places[found.length]
      if (place?.event === event.id) found.push({ index: place.index, event })
    }
    if (found.length === before) throw new Error(`the ledger has no event ${next.event} of leaf ${next.index}`)
    count = Math.min(Math.max((found.length - before) * 4, pageMin), pageMax, (places.length - found.length) * 4)
  }
  return found
}
