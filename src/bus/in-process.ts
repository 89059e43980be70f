import type { Bus, Control, Delivery, Job } from '../app/ports/bus.ts'
import type { Log } from '../app/ports/follower.ts'

interface Consumer {
  concurrency: number
  handler(delivery: Delivery): Promise<void>
  active: Set<Promise<void>>
}

export interface InProcessOptions {
  /** How long a job may stay without a sign of life before it is delivered again. */
  ackWaitMs: number
  /** Deliveries of one job before it is given up as a dead letter. */
  deliveriesMax: number
}

const defaults: InProcessOptions = { ackWaitMs: 30_000, deliveriesMax: 20 }

/**
 * The bus within one process. It holds nothing that must last: at the start it is filled from what is due, and the
 * reconciler fills it again. Its length is bounded by the number of runs that are due.
 */
export class InProcessBus implements Bus {
  private readonly queues = new Map<string, { job: Job; deliveries: number }[]>()
  private readonly consumers = new Map<string, Consumer[]>()
  private readonly known = new Set<string>()
  private readonly controls = new Set<(control: Control) => void>()
  private readonly timers = new Set<NodeJS.Timeout>()
  private readonly options: InProcessOptions
  private readonly log: Log
  private closed = false

  constructor(log: Log, options: Partial<InProcessOptions> = {}) {
    this.log = log
    this.options = { ...defaults, ...options }
  }

  async publish(job: Job): Promise<void> {
    if (this.closed || this.known.has(job.id)) return
    this.known.add(job.id)
    this.enqueue(job, 0)
  }

  consume(engine: string, concurrency: number, handler: Consumer['handler']): () => Promise<void> {
    const consumer: Consumer = { concurrency, handler, active: new Set() }
    this.consumers.set(engine, [...(this.consumers.get(engine) ?? []), consumer])
    this.pump(engine)
    return async () => {
      const others = (this.consumers.get(engine) ?? []).filter((other) => other !== consumer)
      this.consumers.set(engine, others)
      await Promise.all(consumer.active)
    }
  }

  sendControl(control: Control): void {
    for (const handler of this.controls) queueMicrotask(() => handler(control))
  }

  onControl(handler: (control: Control) => void): () => void {
    this.controls.add(handler)
    return () => void this.controls.delete(handler)
  }

  sendUsage(): void {
    // There is no other process.
  }

  onUsage(): () => void {
    return () => undefined
  }

  async close(): Promise<void> {
    this.closed = true
    for (const timer of this.timers) clearTimeout(timer)
  }

  private enqueue(job: Job, deliveries: number): void {
    const queue = this.queues.get(job.engine) ?? []
    this.queues.set(job.engine, queue)
    queue.push({ job, deliveries })
    this.pump(job.engine)
  }

  private pump(engine: string): void {
    const queue = this.queues.get(engine) ?? []
    for (const consumer of this.consumers.get(engine) ?? []) {
      while (!this.closed && queue.length > 0 && consumer.active.size < consumer.concurrency) {
        const next = queue.shift()
        if (next) this.deliver(consumer, next.job, next.deliveries + 1)
      }
    }
  }

  private deliver(consumer: Consumer, job: Job, deliveries: number): void {
    let settled = false
    let timer = this.later(this.options.ackWaitMs, () => again(0))
    const settle = (): boolean => {
      if (settled) return false
      settled = true
      this.cancel(timer)
      return true
    }
    const drop = () => void this.known.delete(job.id)
    const again = (delayMs: number) => {
      if (!settle()) return
      if (deliveries >= this.options.deliveriesMax) return giveUp('delivered too often')
      this.later(delayMs, () => this.enqueue(job, deliveries))
    }
    const giveUp = (reason: string) => {
      this.log.error('a job became a dead letter', { job: job.id, reason })
      drop()
    }
    const delivery: Delivery = {
      job,
      deliveries,
      ack: () => settle() && drop(),
      nak: again,
      working: () => {
        if (settled) return
        this.cancel(timer)
        timer = this.later(this.options.ackWaitMs, () => again(0))
      },
      deadLetter: (reason) => settle() && giveUp(reason),
    }
    const work = consumer
      .handler(delivery)
      .catch((error) => this.log.error('a consumer failed', { job: job.id, error: String(error) }))
      .then(() => {
        consumer.active.delete(work)
        this.pump(job.engine)
      })
    consumer.active.add(work)
  }

  private later(delayMs: number, task: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      if (!this.closed) task()
    }, delayMs)
    this.timers.add(timer)
    return timer
  }

  private cancel(timer: NodeJS.Timeout): void {
    clearTimeout(timer)
    this.timers.delete(timer)
  }
}
