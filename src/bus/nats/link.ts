import {
  type ConnectionOptions,
  connect,
  ErrorCode,
  Events,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
  NatsError,
} from 'nats'
import type { Log } from '../../app/ports/follower.ts'
import { BusUnavailable } from '../error.ts'
import { Interrupts, sleep } from './interrupts.ts'

const connectTimeoutMs = 5_000
const requestTimeoutMs = 5_000
const reconnectWaitMs = 250
/** A server that does not answer this often is taken for gone, even when its connection stands. */
const pings = { pingInterval: 10_000, maxPingOut: 2 }
const retryFirstMs = 50
const retryMostMs = 2_000

class BusClosed extends Error {
  constructor() {
    super('the bus is closed')
  }
}

/** Stream and consumer not found: gone between two questions, and made again with the next. */
const vanished = [10059, 10014]

/** The server did not get it, or did not say so: the same again is the right thing to do. */
const isTransient = (error: unknown): boolean =>
  error instanceof NatsError &&
  (['TIMEOUT', '503', 'DISCONNECT', 'CONNECTION_REFUSED'].includes(error.code) ||
    error.api_error?.code === 503 ||
    vanished.includes(error.api_error?.err_code ?? 0))

export const apiCodeOf = (error: unknown): number | undefined =>
  error instanceof NatsError ? error.api_error?.err_code : undefined

interface Outage {
  over: Promise<void>
  end(): void
}

/** The connection to the server: stands, comes back for ever, or was closed by us. */
export class Link {
  readonly nc: NatsConnection
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  private readonly log: Log
  private readonly onUpHandlers: (() => void)[] = []
  private readonly whileOpen = new Interrupts()
  private readonly whileUp = new Interrupts()
  private outage: Outage | null = null
  private closed = false

  static async open(url: string, log: Log): Promise<Link> {
    const options = optionsOf(url)
    const where = [options.servers].flat().join(', ')
    const nc = await connect(options).catch((error) => {
      throw new BusUnavailable(`no NATS server can be used at ${where}: ${reasonOf(error)}`)
    })
    try {
      return new Link(nc, await nc.jetstreamManager({ timeout: requestTimeoutMs }), log)
    } catch (error) {
      await nc.close()
      const advice = 'start it with `nats-server -js -sd <directory>`'
      throw new BusUnavailable(`the NATS server at ${where} offers no JetStream (${advice}): ${reasonOf(error)}`)
    }
  }

  private constructor(nc: NatsConnection, jsm: JetStreamManager, log: Log) {
    this.nc = nc
    this.jsm = jsm
    this.js = nc.jetstream({ timeout: requestTimeoutMs })
    this.log = log
    void this.watch()
  }

  get isClosed(): boolean {
    return this.closed
  }

  onUp(handler: () => void): void {
    this.onUpHandlers.push(handler)
  }

  /** Repeats until it is answered; what is asked must be the same thing each time. Rejects once the bus is closed. */
  async persist<T>(ask: () => Promise<T>, onFailure: () => void = () => undefined): Promise<T> {
    for (let delayMs = retryFirstMs; ; delayMs = Math.min(delayMs * 2, retryMostMs)) {
      try {
        if (this.outage) await this.untilClosed(this.outage.over)
        return await this.race(ask())
      } catch (error) {
        if (this.closed) throw new BusClosed()
        if (!isTransient(error)) throw error
        onFailure()
        await this.untilClosed(sleep(delayMs))
      }
    }
  }

  /** Asks once. Rejects while the connection is away, and when it breaks before the answer is there. */
  async attempt<T>(ask: () => Promise<T>): Promise<T> {
    if (this.closed) throw new BusClosed()
    if (this.outage) throw NatsError.errorForCode(ErrorCode.Disconnect)
    return this.race(ask())
  }

  untilClosed<T>(work: Promise<T>): Promise<T> {
    const raced = this.whileOpen.race(work)
    if (this.closed) this.whileOpen.interrupt(new BusClosed())
    return raced
  }

  /** Whoever still waits is refused; what was written is flushed if that takes no longer than `drainMs`. */
  async close(drainMs: number): Promise<void> {
    this.closed = true
    this.whileOpen.interrupt(new BusClosed())
    if (!this.outage) await Promise.race([this.nc.drain().catch(() => undefined), sleep(drainMs)])
    await this.nc.close()
  }

  /** An answer that was under way when the connection broke never comes; its time-out would only cost seconds. */
  private race<T>(work: Promise<T>): Promise<T> {
    return this.untilClosed(this.whileUp.race(work))
  }

  private async watch(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === Events.Disconnect) this.goDown()
      else if (type === Events.Reconnect) this.comeUp()
    }
  }

  private goDown(): void {
    if (this.outage || this.closed) return
    this.log.warn('the connection to NATS is lost')
    let end: () => void = () => undefined
    const over = new Promise<void>((resolve) => {
      end = resolve
    })
    this.outage = { over, end }
    this.whileUp.interrupt(NatsError.errorForCode(ErrorCode.Disconnect))
  }

  private comeUp(): void {
    this.log.info('the connection to NATS is back')
    for (const handler of this.onUpHandlers) handler()
    this.outage?.end()
    this.outage = null
  }
}

/** Servers may be listed with commas; a name and a password stand in the first URL. */
const optionsOf = (url: string): ConnectionOptions & { servers: string[] } => {
  const urls = url.split(',').map((each) => each.trim())
  if (!urls.every((each) => URL.canParse(each))) throw new BusUnavailable('NATS_URL must be nats://HOST:PORT')
  const [first] = urls.map((each) => new URL(each))
  const [user, pass] = [first?.username, first?.password].map((part) => decodeURIComponent(part ?? ''))
  return {
    servers: urls.map((each) => new URL(each).host),
    name: 'ledgerline',
    timeout: connectTimeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMs,
    // A stack kept for each request, for the case that it fails.
    noAsyncTraces: true,
    ...pings,
    ...(first?.protocol === 'tls:' ? { tls: {} } : {}),
    ...(user ? (pass ? { user, pass } : { token: user }) : {}),
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
