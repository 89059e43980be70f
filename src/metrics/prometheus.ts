import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Log } from '../app/ports/follower.ts'
import type { AnsweredCall, Figure, Metrics } from '../app/ports/metrics.ts'

const prefix = 'ledgerline_'
/** Upper bounds in seconds. */
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const readTimeoutMs = 2_000

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

  constructor(log: Log, figures: readonly Figure[]) {
    this.log = log
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

  text(): Promise<string> {
    return this.registry.metrics()
  }

  private add({ name, help, kind, label, read }: Figure): void {
    const { log } = this
    const collected = {
      name: prefix + name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [this.registry],
      async collect(this: Counter | Gauge): Promise<void> {
        this.reset()
        try {
          const reading = await inTime(Promise.resolve(read()))
          if (typeof reading === 'number') this.inc(reading)
          else for (const [value, number] of Object.entries(reading)) this.inc({ [label ?? '']: value }, number)
        } catch (error) {
          this.remove({})
          log.warn('a figure cannot be read', { figure: name, error: String(error) })
        }
      },
    }
    if (kind === 'counter') new Counter(collected)
    else new Gauge(collected)
  }
}

const inTime = <Value>(reading: Promise<Value>): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${readTimeoutMs} ms`)), readTimeoutMs)
  })
  return Promise.race([reading, late]).finally(() => clearTimeout(timer))
}
