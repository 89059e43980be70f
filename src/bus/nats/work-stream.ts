import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  DeliverPolicy,
  NatsError,
  nanos,
  type PubAck,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from 'nats'
import { apiCodeOf, type Link } from './link.ts'

const ackPendingMax = 1_000

const codes = { streamNotFound: 10059, consumerNotFound: 10014 }

export interface StreamLayout {
  name: string
  subjects: string
  maxAgeMs: number
  bytesMax: number
  replicas: number
  /** The one durable through which all workers of an engine share its jobs; none where nobody consumes. */
  durable?: { name: string; ackWaitMs: number; idleMs: number }
}

export interface Lost {
  stream: string
  reason: 'recreated' | 'went back'
}

interface Known {
  created: string
  lastSeq: number
}

/**
 * A stream and its durable, made when they are not there. The server may lose what it has acknowledged, or all of it:
 * then `onLost` is told, and the durable starts anew.
 */
export class WorkStream {
  readonly name: string
  private readonly link: Link
  private readonly layout: StreamLayout
  private readonly onLost: (lost: Lost) => void
  private known: Known | undefined
  private current: Promise<void> | undefined
  private handle: Promise<Consumer> | undefined
  private last: Promise<unknown> = Promise.resolve()
  /** Since when nobody has been given what the stream holds. */
  private idle: { firstSeq: number; since: number } | undefined

  constructor(link: Link, layout: StreamLayout, onLost: (lost: Lost) => void) {
    this.link = link
    this.layout = layout
    this.name = layout.name
    this.onLost = onLost
  }

  /** When the stream was made: sequence numbers mean nothing beyond the life of one stream. */
  get created(): string | undefined {
    return this.known?.created
  }

  /** Resolves when stream and durable are there; checked once, and again after a `doubt`. */
  ready(): Promise<void> {
    if (this.current) return this.current
    const current = this.last.then(() => this.link.persist(() => this.check()))
    this.current = current
    this.last = current.catch(() => this.doubt())
    return current
  }

  doubt(): void {
    this.current = undefined
    this.handle = undefined
  }

  async consumer(): Promise<Consumer> {
    await this.ready()
    this.handle ??= this.link.js.consumers.get(this.name, this.layout.durable?.name)
    return this.handle
  }

  /** A sequence number that was there before says that the stream has lost its end. */
  saw({ seq, duplicate }: PubAck): void {
    if (!this.known || duplicate) return
    if (seq > this.known.lastSeq) {
      this.known.lastSeq = seq
      return
    }
    this.doubt()
    this.ready().catch(() => undefined)
  }

  private async check(): Promise<void> {
    const before = this.known && { ...this.known }
    const { streams } = this.link.jsm
    const info = (await absent(streams.info(this.name), codes.streamNotFound)) ?? (await this.create())
    const isAnother = before !== undefined && before.created !== info.created
    const wentBack = before !== undefined && !isAnother && info.state.last_seq < before.lastSeq
    const lost = isAnother || wentBack
    const lastSeq = Math.max(info.state.last_seq, lost ? 0 : (this.known?.lastSeq ?? 0))
    this.known = { created: info.created, lastSeq }
    await this.checkDurable(wentBack)
    if (lost) this.onLost({ stream: this.name, reason: isAnother ? 'recreated' : 'went back' })
  }

  private create(): Promise<StreamInfo> {
    const { name, subjects, maxAgeMs, bytesMax, replicas } = this.layout
    return this.link.jsm.streams.add({
      name,
      subjects: [subjects],
      // Workqueue retention loses jobs and brings finished ones back when the server is killed, below 2.11.2.
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      max_age: nanos(maxAgeMs),
      max_bytes: bytesMax,
      num_replicas: replicas,
    })
  }

  private async checkDurable(wentBack: boolean): Promise<void> {
    const { durable, subjects } = this.layout
    if (!durable) return
    const { consumers, streams } = this.link.jsm
    const found = await absent(consumers.info(this.name, durable.name), codes.consumerNotFound)
    // Asked in this order: what is delivered in between makes the stream look longer, never the durable ahead of it.
    const info = await streams.info(this.name)
    const isAhead = found !== undefined && found.delivered.stream_seq > info.state.last_seq
    const isIdle = found !== undefined && found.num_pending === 0 && found.num_ack_pending === 0
    const isStuck = this.isStuck(isIdle, info, durable.idleMs)
    const config: Partial<ConsumerConfig> = {
      durable_name: durable.name,
      filter_subject: subjects,
      deliver_policy: DeliverPolicy.All,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(durable.ackWaitMs),
      // The last delivery may have died with its worker: one more finds that out and buries the job.
      max_deliver: -1,
      max_ack_pending: ackPendingMax,
    }
    if (found && (wentBack || isAhead || isStuck)) {
      await absent(consumers.delete(this.name, durable.name), codes.consumerNotFound)
      await consumers.add(this.name, config)
    } else if (!found) await consumers.add(this.name, config)
    else if (found.config.ack_wait !== config.ack_wait) await consumers.update(this.name, durable.name, config)
  }

  /**
   * What is finished is deleted, so a stream that holds something and a durable that owes nothing disagree: a server that
   * was killed may have brought it back, or have counted it as done.
   */
  private isStuck(isIdle: boolean, { state }: StreamInfo, idleMs: number): boolean {
    const now = performance.now()
    if (!isIdle || state.messages === 0) this.idle = undefined
    else if (this.idle?.firstSeq !== state.first_seq) this.idle = { firstSeq: state.first_seq, since: now }
    else return now - this.idle.since >= idleMs
    return false
  }
}

/** What is not there is undefined, not an error. */
export const absent = async <T>(answer: Promise<T>, ...notFound: number[]): Promise<T | undefined> => {
  try {
    return await answer
  } catch (error) {
    const code = error instanceof NatsError ? apiCodeOf(error) : undefined
    if (code !== undefined && notFound.includes(code)) return
    throw error
  }
}
