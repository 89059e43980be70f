import {
  BACKWARDS,
  END,
  EventStoreDBClient,
  FORWARDS,
  MaxAppendSizeExceededError,
  NO_STREAM,
  START,
  StreamNotFoundError,
  streamNameFilter,
  WrongExpectedVersionError,
} from '@eventstore/db-client'
import {
  type Appended,
  type Ledger,
  type LedgerEvent,
  LedgerUnavailable,
  type NewEvent,
  WrongRevision,
} from '../app/ports/ledger.ts'
import type { LedgerStreams, StreamRange } from '../app/ports/ledger-streams.ts'
import { Rejection } from '../domain/codes.ts'
import type { StreamName } from '../domain/ids.ts'
import { decode, encode, type RawEvent } from './codec.ts'
import { followStream } from './follow-stream.ts'
import { type PageRange, type PastPage, readPage } from './past-page.ts'
import { readPast } from './read-past.ts'
import { eventsOf } from './subscription.ts'
import { translate } from './translate.ts'

const appendTimeoutMs = 5_000
const readTimeoutMs = 10_000
const disposeTimeoutMs = 500

/** Everything but system streams and the log lines of runs. Written so that .NET and JavaScript read it alike. */
const followed = '^(?!\\$|runlog-)'
const followedStreams = streamNameFilter({ regex: followed })
const followedPattern = new RegExp(followed)
const isFollowed = (stream: string): boolean => followedPattern.test(stream)

/** The ledger on an EventStoreDB node or cluster, or on the embedded node: the connection string tells. */
export class EventStoreLedger implements Ledger, LedgerStreams {
  private readonly url: string
  private client: EventStoreDBClient

  constructor(url: string) {
    this.url = url
    this.client = EventStoreDBClient.connectionString(url)
  }

  async append(stream: StreamName, expected: bigint, events: readonly NewEvent[]): Promise<Appended> {
    const expectedRevision = expected < 0n ? NO_STREAM : expected
    const appending = this.client.appendToStream(stream, events.map(encode), {
      expectedRevision,
      deadline: appendTimeoutMs,
    })
    try {
      const result = await this.withinTimeout(appending, appendTimeoutMs)
      return { revision: result.nextExpectedRevision, position: result.position?.commit ?? -1n }
    } catch (error) {
      if (error instanceof WrongExpectedVersionError) {
        throw new WrongRevision(stream, typeof error.actualVersion === 'bigint' ? error.actualVersion : null)
      }
      if (error instanceof MaxAppendSizeExceededError) {
        throw new Rejection('BODY_TOO_LARGE', 'this is more than the ledger takes at once')
      }
      throw translate(error)
    }
  }

  async read(stream: StreamName, from: bigint): Promise<LedgerEvent[]> {
    return this.collect(() => this.client.readStream(stream, { fromRevision: from, deadline: readTimeoutMs }))
  }

  async readLast(stream: StreamName): Promise<LedgerEvent | undefined> {
    const read = () =>
      this.client.readStream(stream, { fromRevision: END, direction: BACKWARDS, maxCount: 1, deadline: readTimeoutMs })
    const [last] = await this.collect(read)
    return last
  }

  async readRange(stream: StreamName, { from, isBackwards, countMax }: StreamRange): Promise<LedgerEvent[]> {
    const direction = isBackwards ? BACKWARDS : FORWARDS
    const fromRevision = from ?? (isBackwards ? END : START)
    const options = { fromRevision, direction, maxCount: countMax, deadline: readTimeoutMs } as const
    return this.collect(() => this.client.readStream(stream, options))
  }

  keepLast(stream: StreamName, count: number): Promise<void> {
    return this.limit(stream, { maxCount: count })
  }

  keepFor(stream: StreamName, seconds: number): Promise<void> {
    return this.limit(stream, { maxAge: seconds })
  }

  private async limit(stream: StreamName, limits: { maxCount: number } | { maxAge: number }): Promise<void> {
    try {
      await this.client.setStreamMetadata(stream, limits, { deadline: appendTimeoutMs })
    } catch (error) {
      throw translate(error)
    }
  }

  /** Position of the newest event of the whole ledger; -1 when it is empty. */
  async head(): Promise<bigint> {
    try {
      const read = this.client.readAll({
        direction: BACKWARDS,
        fromPosition: END,
        maxCount: 1,
        deadline: readTimeoutMs,
      })
      // To its end: the client keeps a read that was left earlier, and would wait for it when it is closed.
      let position = -1n
      for await (const { event } of read) if (event) position = event.position.commit
      return position
    } catch (error) {
      throw translate(error)
    }
  }

  /** The past: all followed events after a position (-1: from the start), up to `until`. */
  async *past(after: bigint, until: bigint): AsyncGenerator<RawEvent> {
    for await (const event of readPast(this.client, after, until)) if (isFollowed(event.streamId)) yield event
  }

  /** All followed events after a position, until the signal fires. Throws when the connection is lost. */
  async *follow(after: bigint, signal: AbortSignal): AsyncGenerator<RawEvent> {
    const fromPosition = after < 0n ? START : { commit: after, prepare: after }
    yield* eventsOf(this.client.subscribeToAll({ fromPosition, filter: followedStreams }), signal)
  }

  async *followStream(stream: StreamName, after: bigint, signal: AbortSignal): AsyncGenerator<LedgerEvent> {
    yield* followStream(this.client, stream, after, signal)
  }

  /** A page of the past of streams whose names match; how far it got is told. */
  async page(streams: string, range: PageRange, signal: AbortSignal): Promise<PastPage> {
    try {
      return await readPage(this.client, streams, range, signal)
    } catch (error) {
      throw translate(error)
    }
  }

  /** The client's own dispose waits for streams that may never say that they have finished. */
  async close(): Promise<void> {
    await Promise.race([this.client.dispose(), new Promise((resolve) => setTimeout(resolve, disposeTimeoutMs))])
  }

  private async collect(read: () => AsyncIterable<{ event?: RawEvent }>): Promise<LedgerEvent[]> {
    const events: LedgerEvent[] = []
    try {
      for await (const { event } of read()) if (event) events.push(decode(event))
    } catch (error) {
      if (error instanceof StreamNotFoundError) return []
      throw translate(error)
    }
    return events
  }

  /** The client enforces no deadline of its own on batch appends, and a client that hung once may hang again. */
  private async withinTimeout<Result>(work: Promise<Result>, timeoutMs: number): Promise<Result> {
    let timer: NodeJS.Timeout | undefined
    const expiry = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new LedgerUnavailable(`no answer within ${timeoutMs} ms`))
        this.reconnect()
      }, timeoutMs)
    })
    try {
      return await Promise.race([work, expiry])
    } finally {
      clearTimeout(timer)
    }
  }

  private reconnect(): void {
    const old = this.client
    this.client = EventStoreDBClient.connectionString(this.url)
    void old.dispose().catch(() => undefined)
  }
}
