import { KeyedMutex } from '../app/mutex.ts'
import { type EventStream, type StreamEnd, type StreamMessage, StreamMoved } from '../app/ports/event-stream.ts'
import type { Follows, Log } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import type { Past } from '../app/ports/past.ts'
import { eventMessage } from './event-message.ts'
import { LedgerAge } from './ledger-age.ts'

const keptMs = 30 * 24 * 3_600_000
const batchEventsMax = 500
const retryFirstMs = 2
const retryMostMs = 2_000
/** Another that publishes at the same time is soon through with what it has. */
const retryMovedMostMs = 50

export interface EventRelayDeps {
  stream: EventStream
  past: Past
  log: Log
  /** Whether this replica is the one that relays; one that is not only watches. Both ways nothing is stored twice. */
  isLeader?: () => boolean
  nowMs?: () => number
  /** How often the stream's end is looked at, though nothing has happened. */
  lookMs?: number
  /** How often `isLeader` is asked, though nothing has happened. */
  tickMs?: number
}

/** What is known of the stream. */
interface Known {
  end: StreamEnd
  /** Up to this position of the ledger the stream lacks nothing. */
  upTo: bigint
  /** What was recorded earlier is not for a stream that is empty; ms since 1970. */
  sinceMs: number
}

class NotLeading extends Error {}

/**
 * Publishes the ledger's events for external systems, in order and each once. How far it has come is written in the stream
 * itself, and each message is stored only right behind the one that it belongs behind. So several may relay at once, an
 * answer may be lost, and what the server has lost is published again from where the stream ends now.
 */
export class EventRelay implements Follows {
  readonly name = 'events'
  private readonly deps: Required<EventRelayDeps>
  private readonly age: LedgerAge
  private readonly mutex = new KeyedMutex()
  /** Position of the last event that this process has been told of. */
  private latest = -1n
  private known: Known | undefined
  private isDoubtful = true
  private lookedAt = 0
  private isLooking = false
  /** Position of an event that the stream claims to have had, though it ends before it. */
  private claimed: bigint | undefined
  private complaint = ''
  private timer: NodeJS.Timeout | undefined
  private readonly ending = new AbortController()
  private readonly ended = new Promise<void>((resolve) => {
    this.ending.signal.addEventListener('abort', () => resolve())
  })

  constructor(deps: EventRelayDeps) {
    this.deps = { isLeader: () => true, nowMs: Date.now, lookMs: 10_000, tickMs: 250, ...deps }
    this.age = new LedgerAge(deps.past, this.deps.lookMs)
  }

  /** What is older is read from the past, as far as the stream lacks it: NATS may be away at the start. */
  async position(): Promise<bigint> {
    this.latest = await this.deps.past.head()
    return this.latest
  }

  start(): void {
    this.deps.stream.onUp(() => {
      this.isDoubtful = true
    })
    this.timer = setInterval(() => this.tick(), this.deps.tickMs).unref()
    this.tick()
  }

  stop(): void {
    clearInterval(this.timer)
    this.ending.abort()
  }

  handle(events: readonly LedgerEvent[]): Promise<void> {
    return this.inTurn(async () => {
      const messages = this.messagesOf(events)
      const last = messages.at(-1)
      if (!last) return
      await this.relay(messages)
      this.latest = last.position
    })
  }

  private tick(): void {
    const { isLeader, lookMs } = this.deps
    if (!isLeader()) this.isDoubtful = true
    else if (this.isDoubtful || performance.now() - this.lookedAt >= lookMs) this.look()
  }

  private look(): void {
    if (this.isLooking) return
    this.isLooking = true
    this.isDoubtful = true
    void this.inTurn(() => this.relay([])).finally(() => {
      this.isLooking = false
    })
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    return Promise.race([this.mutex.run(this.name, work), this.ended])
  }

  private get isActive(): boolean {
    return !this.ending.signal.aborted && this.deps.isLeader()
  }

  /** Goes on until the stream has them, or it is for somebody else to do. */
  private async relay(messages: readonly StreamMessage[]): Promise<void> {
    for (let delayMs = retryFirstMs; this.isActive; delayMs *= 2) {
      try {
        await this.catchUp()
        await this.publish(messages)
        this.complaint = ''
        return
      } catch (error) {
        this.isDoubtful = true
        if (!this.isActive) return
        this.complain(error)
        const most = error instanceof StreamMoved ? retryMovedMostMs : retryMostMs
        await Promise.race([sleep(Math.min(delayMs, most)), this.ended])
      }
    }
    this.isDoubtful = true
  }

  /** Resolves when the stream lacks nothing up to `latest`. */
  private async catchUp(): Promise<void> {
    if (this.isDoubtful || !this.known) await this.readEnd()
    const { known } = this
    if (known && known.upTo < this.latest) await this.refill(known)
  }

  private async readEnd(): Promise<void> {
    const { stream, nowMs, log } = this.deps
    this.isDoubtful = false
    const end = await stream.end()
    this.lookedAt = performance.now()
    const before = this.known?.end
    if (before?.sequence === end.sequence && before.position === end.position) return
    if (before && end.position < before.position) {
      log.warn('the event stream has lost its end, and is filled again', { from: String(end.position) })
    }
    const isStrange = await this.age.isBehind(end, this.latest)
    if (isStrange) {
      log.error('the event stream is of another ledger, or of a later state of this one: it is published anew')
    }
    const upTo = isStrange ? -1n : end.position
    this.known = { end, upTo, sinceMs: upTo < 0n ? nowMs() - keptMs : 0 }
  }

  /** Reads the past again, until it meets what this process has been told of. */
  private async refill(known: Known): Promise<void> {
    let batch: LedgerEvent[] = []
    const until = this.latest
    for await (const event of this.deps.past.past(known.upTo, until)) {
      batch.push(event)
      if (batch.length < batchEventsMax) continue
      await this.pass(known, batch)
      batch = []
    }
    await this.pass(known, batch)
    known.upTo = until
  }

  private async pass(known: Known, events: readonly LedgerEvent[]): Promise<void> {
    if (!this.isActive) throw new NotLeading()
    const kept = events.filter(({ recordedAt }) => Date.parse(recordedAt) >= known.sinceMs)
    await this.publish(this.messagesOf(kept))
    known.upTo = events.at(-1)?.position ?? known.upTo
  }

  private async publish(messages: readonly StreamMessage[]): Promise<void> {
    const { known } = this
    const due = messages.filter(({ position }) => known && position > known.upTo)
    const [first, last] = [due[0], due.at(-1)]
    if (!known || !first || !last) return
    const { sequence } = known.end
    // Under the same id it would be refused again.
    const sent = this.claimed === first.position ? due.map((each) => ({ ...each, id: `${each.id}.${sequence}` })) : due
    try {
      await this.deps.stream.append(sent, sequence)
    } catch (error) {
      if (error instanceof StreamMoved && error.isRepetition) this.claimed = due[error.stored]?.position
      throw error
    }
    known.end = { position: last.position, sequence: sequence + due.length }
    known.upTo = last.position
  }

  private messagesOf(events: readonly LedgerEvent[]): StreamMessage[] {
    const { bodyBytesMax } = this.deps.stream
    return events.flatMap((event) => eventMessage(event, bodyBytesMax) ?? [])
  }

  /** The same trouble is said once. */
  private complain(error: unknown): void {
    const text = String(error)
    if (error instanceof StreamMoved || text === this.complaint) return
    this.complaint = text
    this.deps.log.warn('events cannot be published; trying again', { error: text })
  }
}

const sleep = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs).unref())
