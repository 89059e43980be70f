import { randomUUID } from 'node:crypto'
import { Checkpoints } from './checkpoints.ts'
import { AllFilter } from './filter.ts'
import { Presenter } from './links.ts'
import type { Outlet } from './outlet.ts'
import { PageSize } from './page-size.ts'
import type { ReadRequest } from './read-request.ts'
import { caughtUp, checkpoint, confirmation } from './responses.ts'
import type { StoredEvent } from './store/events.ts'
import type { Store } from './store/store.ts'

type Request = Extract<ReadRequest, { kind: 'subscribe-all' }>

/** A live page is cut here, so that one commit of many events is not one write. */
const livePageMax = 128

/**
 * Follows `$all`. A subscriber is a cursor: it takes the events after it from the tail of newest commits, or, when
 * that no longer reaches back so far, from the file. There is no switch at which something could be lost or doubled.
 */
export const subscribeToAll = async (store: Store, request: Request, outlet: Outlet): Promise<void> => {
  const follower = new AllFollower(store, request)
  await outlet.send([confirmation(randomUUID())])
  let live = false
  while (!outlet.closed) {
    const page: readonly StoredEvent[] | undefined = live ? store.feed.after(follower.cursor) : follower.readPage()
    if (page === undefined) {
      // Too slow for the tail: back to the file, and caught up anew at its end.
      live = false
    } else if (page.length > 0) {
      const responses = follower.follow(page.slice(0, livePageMax))
      if (!live && responses.length === 0) await new Promise((resolve) => setImmediate(resolve))
      await outlet.send(responses)
    } else if (live) {
      await outlet.sleep((wake) => store.feed.onCommit(wake))
    } else {
      live = true
      await outlet.send(follower.reachedEnd())
    }
  }
}

class AllFollower {
  cursor: number
  readonly #store: Store
  readonly #filter: AllFilter
  readonly #presenter: Presenter
  readonly #checkpoints: Checkpoints | undefined
  readonly #size = new PageSize()

  constructor(store: Store, request: Request) {
    const { from, filter } = request
    this.#store = store
    this.cursor = from === 'start' ? 0 : from === 'end' ? store.feed.position : from
    this.#filter = new AllFilter(store.types, filter)
    this.#presenter = new Presenter(store, request)
    this.#checkpoints = filter && new Checkpoints(filter.checkpointInterval, this.cursor)
  }

  readPage(): readonly StoredEvent[] {
    const page = this.#store.events.after(this.cursor, this.#size.limit)
    this.#size.seen(page)
    return page
  }

  follow(page: readonly StoredEvent[]): Buffer[] {
    const responses: Buffer[] = []
    for (const event of page) {
      this.cursor = event.position
      if (this.#filter.passes(event)) responses.push(this.#presenter.response(event))
      if (this.#checkpoints?.due(event.position)) responses.push(checkpoint(event.position))
    }
    return responses
  }

  reachedEnd(): Buffer[] {
    const responses = [caughtUp()]
    if (this.#checkpoints?.advance(this.cursor)) responses.unshift(checkpoint(this.cursor))
    return responses
  }
}
