import type { EventFeed } from '../../../app/ports/event-feed.ts'
import { Rejection } from '../../../domain/codes.ts'

const bounds = {
  /** Of this process; each is a connection, and the host takes 512 of these. */
  streamsMax: 256,
  perCallerMax: 16,
  heartbeatMs: 15_000,
  /** A reader who takes nothing for so long gives up its place, and may come again. */
  stallMs: 60_000,
}

interface LiveStream {
  signal: AbortSignal
  end(): void
}

/** The streams of events that are open, and where they get their events. */
export class LiveStreams {
  readonly feed: EventFeed
  readonly bounds: Readonly<typeof bounds>
  private readonly open = new Map<AbortController, string>()
  private closed = false

  constructor(feed: EventFeed, given: Partial<typeof bounds> = {}) {
    this.feed = feed
    this.bounds = { ...bounds, ...given }
  }

  get size(): number {
    return this.open.size
  }

  /** A place for a stream, until it is ended. Throws RATE_LIMITED or UNAVAILABLE. */
  take(caller: string): LiveStream {
    const { streamsMax, perCallerMax } = this.bounds
    if (this.closed) throw new Rejection('UNAVAILABLE', 'the service stops')
    const own = [...this.open.values()].filter((each) => each === caller).length
    if (own >= perCallerMax) {
      throw new Rejection('RATE_LIMITED', `${perCallerMax} streams at a time are all that one caller may have`, {
        window: 'streams',
      })
    }
    if (this.open.size >= streamsMax) {
      throw new Rejection('UNAVAILABLE', 'as many streams are open as this process bears; ask again')
    }
    const controller = new AbortController()
    this.open.set(controller, caller)
    const end = () => {
      this.open.delete(controller)
      controller.abort()
    }
    return { signal: controller.signal, end }
  }

  /** Ends all streams; whoever reads one comes again, here or elsewhere. */
  close(): void {
    this.closed = true
    for (const controller of this.open.keys()) controller.abort()
    this.open.clear()
  }
}
