import type { EventFeed, Selection } from '../app/ports/event-feed.ts'
import type { Follows, Log } from '../app/ports/follower.ts'
import { type LedgerEvent, LedgerUnavailable } from '../app/ports/ledger.ts'
import { decode, type RawEvent, UnreadableEvent } from './codec.ts'
import type { PageRange, PastPage } from './past-page.ts'
import { RecentEvents } from './recent.ts'
import { Turns } from './turns.ts'

/** Where the feed gets from the ledger what it no longer holds itself. */
export interface PastSource {
  head(): Promise<bigint>
  /** Of streams whose names match. Throws LedgerUnavailable, also when the signal fires. */
  page(streams: string, range: PageRange, signal: AbortSignal): Promise<PastPage>
}

const recentEventsMax = 4_096
const pageEventsMax = 256
const pagesAtOnceMax = 16
const retryDelayMs = 500

/**
 * Feeds any number of watchers from one follower of the ledger: who keeps up takes the newest events from memory and
 * costs the ledger nothing. Who is further behind reads pages of its own streams, as few at a time as the ledger bears.
 */
export class LiveFeed implements EventFeed, Follows {
  readonly name = 'live-feed'
  private readonly source: PastSource
  private readonly log: Log
  private readonly turns = new Turns(pagesAtOnceMax)
  private readonly eventsMax: number
  private recent: RecentEvents

  constructor(source: PastSource, log: Log, eventsMax = recentEventsMax) {
    this.source = source
    this.log = log
    this.eventsMax = eventsMax
    this.recent = new RecentEvents(-1n, eventsMax)
  }

  async position(): Promise<bigint> {
    const head = await this.source.head()
    this.recent = new RecentEvents(head, this.eventsMax)
    return head
  }

  async handle(events: readonly LedgerEvent[]): Promise<void> {
    for (const event of events) this.recent.push(event)
  }

  head(): Promise<bigint> {
    return this.source.head()
  }

  async *follow(selection: Selection, after: bigint, signal: AbortSignal): AsyncGenerator<LedgerEvent> {
    const streams = `^(${selection.categories.join('|')})-${selection.tenant}\\.`
    const pattern = new RegExp(streams)
    const isSelected = ({ stream, metadata }: LedgerEvent) =>
      metadata.tenant === selection.tenant && pattern.test(stream)
    // A promise that all wait for would keep what each has waited for: the signal wakes them instead.
    const wake = () => this.recent.wake()
    signal.addEventListener('abort', wake)
    try {
      for (let position = after; !signal.aborted; ) {
        const newest = this.recent.after(position, pageEventsMax)
        if (newest?.length === 0) {
          await this.recent.changed()
          continue
        }
        const { events, reached } = newest ? held(newest, position) : await this.past(streams, position, signal)
        for (const event of events) if (isSelected(event)) yield event
        position = reached
      }
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  private async past(streams: string, after: bigint, signal: AbortSignal) {
    const range = { after, until: this.recent.floor, countMax: pageEventsMax }
    try {
      const { events, reached } = await this.turns.take(() => this.source.page(streams, range, signal))
      return { events: events.flatMap(readable), reached }
    } catch (error) {
      if (!(error instanceof LedgerUnavailable)) throw error
      if (!signal.aborted) {
        this.log.warn('reading the past for a stream of events broke off; resuming', { error: error.message })
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs))
      }
      return { events: [], reached: after }
    }
  }
}

const held = (events: readonly LedgerEvent[], before: bigint) => ({
  events,
  reached: events.at(-1)?.position ?? before,
})

/** What cannot be read, the follower of the ledger has logged. */
const readable = (raw: RawEvent): LedgerEvent[] => {
  try {
    return [decode(raw)]
  } catch (error) {
    if (error instanceof UnreadableEvent) return []
    throw error
  }
}
