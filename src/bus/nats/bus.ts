import type { Bus, Control, Delivery, Job, Usage } from '../../app/ports/bus.ts'
import type { Log } from '../../app/ports/follower.ts'
import { Consumption } from './consumption.ts'
import { DeadLetters } from './dead-letters.ts'
import { NatsEventStream } from './event-stream.ts'
import { sleep } from './interrupts.ts'
import { Link } from './link.ts'
import {
  controlSubject,
  controlSubjects,
  deadLetterStream,
  deadLetterSubjects,
  durableName,
  execStream,
  execSubjects,
} from './names.ts'
import { Outbox } from './outbox.ts'
import { NatsWorkerDirectory } from './services.ts'
import { UsageChannel } from './usage-channel.ts'
import { encode, parseControl } from './wire.ts'
import { type Lost, WorkStream } from './work-stream.ts'

const dayMs = 24 * 3_600_000
const mebibyte = 1024 * 1024

export interface NatsBusOptions {
  /** `nats://HOST:PORT`, several with commas; a user and password may stand in the first. */
  url: string
  log: Log
  /** How long a job may stay without a sign of life before it is delivered again. */
  ackWaitMs: number
  /** Deliveries of one job before it is given up as a dead letter. */
  deliveriesMax?: number
  /** Copies of each stream that is made; 3 on a cluster. */
  replicas?: number
  /** How often the streams are looked after; one that holds what nobody is given that long is delivered anew. */
  watchdogMs?: number
  /** How long `close` waits for the server to hear the last words. */
  drainMs?: number
}

interface Room {
  stream: WorkStream
  outbox: Outbox
}

/** Throws BusUnavailable, in one sentence, when there is no server with JetStream at the URL. */
export const openNatsBus = async (options: NatsBusOptions): Promise<NatsBus> =>
  new NatsBus(await Link.open(options.url, options.log), options)

/** The bus over NATS JetStream. It may lose what it has taken: `onLost` tells, and what is due is to be sent again. */
export class NatsBus implements Bus {
  private readonly link: Link
  private readonly options: Required<NatsBusOptions>
  private readonly rooms = new Map<string, Room>()
  private readonly deadLetterStream: WorkStream
  private readonly deadLetters: DeadLetters
  private readonly consumptions = new Set<Consumption>()
  private readonly controls = new Set<(control: Control) => void>()
  private readonly usage: UsageChannel
  private readonly lostHandlers = new Set<(lost: Lost) => void>()
  private readonly watchdog: NodeJS.Timeout

  constructor(link: Link, options: NatsBusOptions) {
    this.link = link
    this.options = { deliveriesMax: 20, replicas: 1, watchdogMs: 30_000, drainMs: 2_000, ...options }
    const { replicas } = this.options
    const layout = { subjects: deadLetterSubjects, maxAgeMs: 90 * dayMs, bytesMax: 64 * mebibyte, replicas }
    this.deadLetterStream = new WorkStream(link, { name: deadLetterStream, ...layout }, (lost) => this.tellLost(lost))
    this.deadLetters = new DeadLetters(link, this.deadLetterStream)
    link.onUp(() => this.checkAll())
    this.watchdog = setInterval(() => this.checkAll(), this.options.watchdogMs).unref()
    this.usage = new UsageChannel(link)
    link.nc.subscribe(controlSubjects, {
      callback: (error, message) => {
        const control = error ? undefined : parseControl(message.data)
        if (control) for (const handler of this.controls) handler(control)
      },
    })
  }

  async publish(job: Job): Promise<void> {
    await this.link.untilClosed(this.room(job.engine).outbox.publish(job))
  }

  consume(engine: string, concurrency: number, handler: (delivery: Delivery) => Promise<void>): () => Promise<void> {
    const { link, deadLetters } = this
    const { log, ackWaitMs, deliveriesMax } = this.options
    const deps = { ...this.room(engine), link, log, deadLetters, ackWaitMs, deliveriesMax }
    const consumption = new Consumption(deps, concurrency, handler)
    this.consumptions.add(consumption)
    return async () => {
      await consumption.stop()
      this.consumptions.delete(consumption)
    }
  }

  sendControl(control: Control): void {
    if (this.link.isClosed) return
    this.link.nc.publish(controlSubject(control.tenant, control.runId), encode(control))
  }

  onControl(handler: (control: Control) => void): () => void {
    this.controls.add(handler)
    return () => void this.controls.delete(handler)
  }

  sendUsage(usage: readonly Usage[]): void {
    this.usage.send(usage)
  }

  onUsage(handler: (usage: readonly Usage[]) => void): () => void {
    return this.usage.on(handler)
  }

  /** A stream was lost, recreated or has lost its end: jobs that the bus had taken may never be delivered. */
  onLost(handler: (lost: Lost) => void): () => void {
    this.lostHandlers.add(handler)
    return () => void this.lostHandlers.delete(handler)
  }

  /** The stream that external systems read, over the same connection. */
  eventStream(): NatsEventStream {
    return new NatsEventStream(this.link, this.options.replicas)
  }

  /** Where workers say that they are there, over the same connection. */
  directory(version: string): NatsWorkerDirectory {
    return new NatsWorkerDirectory(this.link, version)
  }

  /** Whether the server answers now. */
  async isReachable(timeoutMs: number): Promise<boolean> {
    const answered = this.link
      .attempt(() => this.link.nc.flush())
      .then(
        () => true,
        () => false,
      )
    return Promise.race([answered, sleep(timeoutMs).then(() => false)])
  }

  /** Does not wait for handlers: `consume` has returned what does. */
  async close(): Promise<void> {
    if (this.link.isClosed) return
    const { drainMs } = this.options
    clearInterval(this.watchdog)
    for (const consumption of this.consumptions) void consumption.stop()
    const settled = [...this.rooms.values()].map(({ outbox }) => outbox.settled())
    await Promise.race([Promise.all(settled), sleep(drainMs)])
    await this.link.close(drainMs)
  }

  private room(engine: string): Room {
    const existing = this.rooms.get(engine)
    if (existing) return existing
    const { ackWaitMs, replicas, watchdogMs: idleMs } = this.options
    const durable = { name: durableName(engine), ackWaitMs, idleMs }
    const layout = { subjects: execSubjects(engine), maxAgeMs: 7 * dayMs, bytesMax: 256 * mebibyte, replicas, durable }
    const stream = new WorkStream(this.link, { name: execStream(engine), ...layout }, (lost) => this.tellLost(lost))
    const room = { stream, outbox: new Outbox(this.link, stream, durable.name) }
    this.rooms.set(engine, room)
    return room
  }

  private checkAll(): void {
    for (const stream of [...this.rooms.values()].map((room) => room.stream)) {
      stream.doubt()
      stream.ready().catch((error) => {
        if (!this.link.isClosed)
          this.options.log.error('a stream cannot be used', { stream: stream.name, error: `${error}` })
      })
    }
    this.deadLetterStream.doubt()
  }

  private tellLost(lost: Lost): void {
    this.options.log.warn('NATS has lost what it had taken', { ...lost })
    for (const handler of this.lostHandlers) handler(lost)
  }
}
