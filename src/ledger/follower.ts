import type { Follows, Log } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import { decode, type RawEvent, UnreadableEvent } from './codec.ts'
import { RecentEvents } from './recent.ts'

/** Where a follower gets its events from. */
export interface FollowSource {
  head(): Promise<bigint>
  past(after: bigint, until: bigint): AsyncGenerator<RawEvent>
  /** Ends when the signal fires. */
  follow(after: bigint, signal: AbortSignal): AsyncGenerator<RawEvent>
}

interface Reached {
  position: bigint
  /** When the first event of the batch was recorded that it was given last, ISO; null before, and when it left the newest. */
  since: string | null
}

const batchEventsMax = 500
/** Of the past, where nobody waits for the first of them: few transactions are cheaper than many. */
const pastEventsMax = 2_000
const recentEventsMax = 8_192
const retryDelayMs = 500

/**
 * One subscription to the ledger for a whole process: each new event is decoded once and kept for a while, and every
 * handler takes it from there at its own pace. A handler that is further behind reads the past by itself and rejoins.
 */
export class Follower {
  private readonly source: FollowSource
  private readonly log: Log
  private readonly handlers: Follows[] = []
  private recent = new RecentEvents(-1n, recentEventsMax)
  private loops: Promise<void>[] = []
  private readonly reached = new Map<string, Reached>()
  private readonly ending = new AbortController()
  private stopped = false

  constructor(source: FollowSource, log: Log) {
    this.source = source
    this.log = log
  }

  add(handler: Follows): void {
    this.handlers.push(handler)
  }

  /** Resolves once the handlers run. They stop with `stop`. */
  async start(): Promise<void> {
    this.recent = new RecentEvents(await this.source.head(), recentEventsMax)
    const positions = await Promise.all(this.handlers.map((handler) => handler.position()))
    this.loops = [
      this.subscribe(),
      ...this.handlers.map((handler, index) => this.run(handler, positions[index] ?? -1n)),
    ]
  }

  /**
   * By handler, the age of the first event that it has not handled, in seconds; 0 when there is none. Known are the
   * events that have come here: a handler of which nothing is known yet is left out.
   */
  lagSeconds(nowMs: number): Record<string, number> {
    const lags: Record<string, number> = {}
    for (const [name, { position, since }] of this.reached) {
      const next = this.recent.after(position, 1)
      // While it reads the past, what comes next may have left the newest events.
      const recordedAt = next ? next[0]?.recordedAt : (since ?? this.recent.oldest?.recordedAt)
      if (recordedAt) lags[name] = Math.max(0, (nowMs - Date.parse(recordedAt)) / 1_000)
      else if (next) lags[name] = 0
    }
    return lags
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.recent.wake()
    this.ending.abort()
    await Promise.race([Promise.all(this.loops), new Promise((resolve) => setTimeout(resolve, 2_000).unref())])
  }

  private async subscribe(): Promise<void> {
    while (!this.stopped) {
      try {
        for await (const raw of this.source.follow(this.recent.last, this.ending.signal)) {
          const event = this.decoded(raw)
          if (event) this.recent.push(event)
        }
      } catch (error) {
        if (this.stopped) return
        this.log.warn('the subscription to the ledger broke off; resuming', { error: String(error) })
        await this.pause()
      }
    }
  }

  private async run(handler: Follows, from: bigint): Promise<void> {
    let position = from
    this.reached.set(handler.name, { position, since: null })
    while (!this.stopped) {
      const changed = this.recent.changed()
      const events = this.recent.after(position, batchEventsMax)
      if (!events) position = await this.catchUp(handler, position)
      else if (events.length > 0) {
        position = await this.hand(handler, events, lastOf(events, position), position)
        if (handler.restMs && events.length < batchEventsMax) await this.pause(handler.restMs)
      } else await changed
    }
  }

  /** Reads the next batch while the handler is at work on the one before. */
  private async catchUp(handler: Follows, from: bigint): Promise<bigint> {
    // What comes later is among the newest events; to run after it here would never end.
    const until = this.recent.floor
    this.reached.set(handler.name, { position: from, since: null })
    let handing = Promise.resolve(from)
    let batch: LedgerEvent[] = []
    try {
      for await (const raw of this.source.past(from, until)) {
        const event = this.decoded(raw)
        if (event) batch.push(event)
        if (batch.length < pastEventsMax) continue
        const position = await handing
        handing = this.hand(handler, batch, lastOf(batch, position), position)
        batch = []
        if (this.stopped) break
      }
      const position = await handing
      // What lies between the last followed event and there concerns nobody.
      return await this.hand(handler, batch, until, position)
    } catch (error) {
      const position = await handing
      this.log.warn('reading the past of the ledger broke off; resuming', {
        handler: handler.name,
        error: String(error),
      })
      await this.pause()
      return position
    }
  }

  /** Returns the position reached, or the one before when it was stopped. */
  private async hand(
    handler: Follows,
    events: readonly LedgerEvent[],
    reached: bigint,
    before: bigint,
  ): Promise<bigint> {
    const since = events[0]?.recordedAt ?? null
    this.reached.set(handler.name, { position: before, since })
    while (!this.stopped) {
      try {
        await handler.handle(events, reached)
        this.reached.set(handler.name, { position: reached, since })
        return reached
      } catch (error) {
        const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
        this.log.error('a follower of the ledger failed; trying again', { handler: handler.name, error: detail })
        await this.pause()
      }
    }
    return before
  }

  /** What somebody else wrote into the ledger belongs to no tenant and concerns no handler. */
  private decoded(raw: RawEvent): LedgerEvent | undefined {
    try {
      return decode(raw)
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error
      this.log.error('an event cannot be read and is passed over', { stream: raw.streamId, error: error.message })
      return undefined
    }
  }

  private pause(delayMs = retryDelayMs): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, delayMs))
  }
}

const lastOf = (events: readonly LedgerEvent[], otherwise: bigint): bigint => events.at(-1)?.position ?? otherwise
