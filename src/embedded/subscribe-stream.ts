import { randomUUID } from 'node:crypto'
import { Presenter } from './links.ts'
import type { Outlet } from './outlet.ts'
import { PageSize } from './page-size.ts'
import type { ReadRequest } from './read-request.ts'
import { caughtUp, confirmation } from './responses.ts'
import type { StoredEvent } from './store/events.ts'
import { firstVisible, oldestVisible } from './store/metadata.ts'
import type { Store } from './store/store.ts'

type Request = Extract<ReadRequest, { kind: 'subscribe-stream' }>

/**
 * Follows a stream, existing or not, from after a revision. What metadata hides is jumped over. Like a follower of
 * `$all`, it is a cursor that reads on at each commit to its stream.
 */
export const subscribeToStream = async (store: Store, request: Request, outlet: Outlet): Promise<void> => {
  const { stream, from } = request
  const presenter = new Presenter(store, request)
  const size = new PageSize()
  const last = store.streams.head(stream)?.last ?? -1
  let cursor = from === 'start' ? -1 : from === 'end' ? last : from
  let live = false
  await outlet.send([confirmation(randomUUID())])
  while (!outlet.closed) {
    const page = readAfter(store, stream, cursor, size.limit)
    const newest = page.at(-1)
    if (newest !== undefined) {
      size.seen(page)
      cursor = newest.revision
      const oldest = oldestVisible(store.streams.metadata(stream), Date.now())
      const visible = page.filter((event) => event.created >= oldest)
      await outlet.send(visible.map((event) => presenter.response(event)))
    } else if (live) {
      await outlet.sleep((wake) => store.feed.onStreamCommit(stream, wake))
    } else {
      live = true
      await outlet.send([caughtUp()])
    }
  }
}

const readAfter = (store: Store, stream: string, cursor: number, limit: number): StoredEvent[] => {
  const head = store.streams.head(stream)
  if (head === undefined || cursor >= head.last) return []
  const first = Math.max(cursor + 1, firstVisible(store.streams.metadata(stream), head.last))
  return first > head.last ? [] : store.events.ofStream(head.stream, first, head.last, limit)
}
