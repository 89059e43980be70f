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

const pageFirst = 64
const pageMin = 4
const pageMax = 1_024

/**
 * The events of leaves, which are in ascending order, in pages off the whole ledger: large ones where leaves stand close
 * together, small ones where other tenants' events lie between them. While a page is being taken, the next is on its way.
 */
export async function* pagesOfLeaves(
  events: Pick<LedgerEvents, 'from'>,
  places: readonly LeafPlace[],
): AsyncGenerator<IndexedEvent[]> {
  let [done, count] = [0, pageFirst]
  const read = ({ position }: LeafPlace): Promise<LedgerLeaf[]> => events.from(position, count)
  for (let next = places[0], coming = next && read(next); next && coming; ) {
    const page = pageOf(await coming, places, done)
    if (page.length === 0) throw new Error(`the ledger has no event ${next.event} of leaf ${next.index}`)
    done += page.length
    count = Math.min(Math.max(page.length * 4, pageMin), pageMax, (places.length - done) * 4)
    next = places[done]
    coming = next && read(next)
    // Of a reading that is left, nobody asks any more what became of it.
    coming?.catch(() => undefined)
    yield page
  }
}

export const eventsOfLeaves = async (
  events: Pick<LedgerEvents, 'from'>,
  places: readonly LeafPlace[],
): Promise<IndexedEvent[]> => {
  const found: IndexedEvent[] = []
  for await (const page of pagesOfLeaves(events, places)) found.push(...page)
  return found
}

/** Of some events of the ledger, those that stand at the places from `done` on. */
const pageOf = (events: readonly LedgerLeaf[], places: readonly LeafPlace[], done: number): IndexedEvent[] => {
  const page: IndexedEvent[] = []
  for (const event of events) {
    const place = places[done + page.length]
    if (place?.event === event.id) page.push({ index: place.index, event })
  }
  return page
}
