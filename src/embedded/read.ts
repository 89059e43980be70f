import { AllFilter } from './filter.ts'
import { Presenter } from './links.ts'
import type { Outlet } from './outlet.ts'
import { PageSize } from './page-size.ts'
import type { ReadRequest } from './read-request.ts'
import { streamNotFound } from './responses.ts'
import type { StoredEvent } from './store/events.ts'
import { firstVisible, oldestVisible } from './store/metadata.ts'
import type { Store } from './store/store.ts'

type StreamRead = Extract<ReadRequest, { kind: 'stream' }>
type AllRead = Extract<ReadRequest, { kind: 'all' }>

/** A stream, from one revision on. What metadata hides is jumped over; what was never written is `stream_not_found`. */
export const readStream = async (store: Store, request: StreamRead, outlet: Outlet): Promise<void> => {
  const head = store.streams.head(request.stream)
  const metadata = store.streams.metadata(request.stream)
  if (head === undefined || head.last === -1 || metadata.softDeleted) {
    await outlet.send([streamNotFound(request.stream)])
    return
  }
  const first = firstVisible(metadata, head.last)
  const oldest = oldestVisible(metadata, Date.now())
  const presenter = new Presenter(store, request)
  const size = new PageSize()
  let cursor = startOf(request, first, head.last)
  let left = request.count
  while (left > 0 && cursor >= first && cursor <= head.last && !outlet.closed) {
    const page = request.backwards
      ? store.events.ofStreamBackward(head.stream, cursor, first, size.limit)
      : store.events.ofStream(head.stream, cursor, head.last, size.limit)
    const last = page.at(-1)
    if (last === undefined) break
    size.seen(page)
    cursor = last.revision + (request.backwards ? -1 : 1)
    const visible = page.filter((event) => event.created >= oldest).slice(0, left)
    left -= visible.length
    await outlet.send(visible.map((event) => presenter.response(event)))
  }
}

const startOf = ({ from, backwards }: StreamRead, first: number, last: number): number => {
  if (backwards) return from === 'start' ? 0 : from === 'end' ? last : Math.min(from, last)
  return from === 'end' ? last + 1 : Math.max(from === 'start' ? 0 : from, first)
}

/** `$all`: forwards from a position on, backwards from before it. */
export const readAll = async (store: Store, request: AllRead, outlet: Outlet): Promise<void> => {
  const presenter = new Presenter(store, request)
  const filter = new AllFilter(store.types, request.filter)
  const size = new PageSize()
  const { from, backwards } = request
  let cursor = backwards ? upperBound(from) : lowerBound(from)
  let left = request.count
  while (left > 0 && !outlet.closed) {
    const page: StoredEvent[] = backwards
      ? store.events.before(cursor, size.limit)
      : store.events.after(cursor, size.limit)
    const last = page.at(-1)
    if (last === undefined) break
    size.seen(page)
    cursor = last.position
    const passing = page.filter((event) => filter.passes(event)).slice(0, left)
    left -= passing.length
    if (passing.length === 0) await new Promise((resolve) => setImmediate(resolve))
    await outlet.send(passing.map((event) => presenter.response(event)))
  }
}

/** Events above this position are read; a forward read includes the event at the given one. */
const lowerBound = (from: AllRead['from']): number =>
  from === 'start' ? 0 : from === 'end' ? Number.MAX_SAFE_INTEGER : from - 1

/** Events below this position are read. */
const upperBound = (from: AllRead['from']): number =>
  from === 'start' ? 0 : from === 'end' ? Number.MAX_SAFE_INTEGER : from
