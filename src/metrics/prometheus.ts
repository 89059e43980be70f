import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { isDoneIn } from '../app/no-longer-than.ts'
import type { Log } from '../app/ports/follower.ts'
import type { AnsweredCall, Figure, Metrics } from '../app/ports/metrics.ts'

const prefix = 'ledgerline_'
/** Upper bounds in seconds. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const readTimeoutMs = 2_000
/** Whoever asks more often is told the same. */
const keepMs = 1_000

/** The figures of one process. One that cannot be read in time is left out of the text. */
export class PrometheusMetrics implements Metrics {
  private readonly registry = new Registry()
  private readonly log: Log
  private readonly requests = new Counter({
    name: `${prefix}http_requests_total`,
    help: 'Requests that were answered.',
    labelNames: ['method', 'route', 'status'],
    registers: [this.registry],
  })
  private readonly seconds = new Histogram({
    name: `${prefix}http_request_duration_seconds`,
    help: 'From a request to the beginning of its answer.',
    labelNames: ['method', 'route'],
    buckets: durations,
    registers: [this.registry],
  })

  private readonly nowMs: () => number
  private last: { untilMs: number; text: Promise<string> } | undefined

  /** `nowMs`: of a clock that only goes forward. */
  constructor(log: Log, figures: readonly Figure[], nowMs = () => performance.now()) {
    this.log = log
    this.nowMs = nowMs
    for (const figure of figures) this.add(figure)
  }

  /** Adds what Node knows of the process: processor time, memory, the event loop, garbage collection. */
  ofProcess(): this {
    collectDefaultMetrics({ register: this.registry })
    return this
  }

  answered({ method, route, status, seconds }: AnsweredCall): void {
    this.requests.inc({ method, route, status })
    this.seconds.observe({ method, route }, seconds)
  }

  /** Read once for all who ask at the same time, and within a second. */
  text(): Promise<string> {
    const now = this.nowMs()
    if (!this.last || now >= this.last.untilMs) this.last = { untilMs: now + keepMs, text: this.registry.metrics() }
    return this.last.text
  }

  private add({ name, help, kind, label, read }: Figure): void {
    const { log } = this
    const collected = {
      name: prefix + name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [this.registry],
      async collect(this: Counter | Gauge): Promise<void> {
        try {
          const reading = await inTime(read)
          this.reset()
          if (typeof reading === 'number') this.inc(reading)
          else for (const [value, number] of Object.entries(reading)) this.inc({ [label ?? '']: value }, number)
        } catch (error) {
          this.reset()
          this.remove({})
          log.warn('a figure cannot be read', { figure: name, error: String(error) })
        }
      },
    }
    if (kind === 'counter') new Counter(collected)
    else new Gauge(collected)
  }
}

const inTime = async (read: Figure['read']): Promise<Awaited<ReturnType<Figure['read']>>> => {
  const reading = Promise.resolve(read())
  if (await isDoneIn(readTimeoutMs, reading)) return reading
  throw new Error(`no answer in ${readTimeoutMs} ms`)
}
