import type { ConsumerMessages, JsMsg } from 'nats'
import type { Delivery, Job } from '../../app/ports/bus.ts'
import type { Log } from '../../app/ports/follower.ts'
import type { DeadLetters } from './dead-letters.ts'
import { sleep } from './interrupts.ts'
import type { Link } from './link.ts'
import type { Held, Outbox } from './outbox.ts'
import { parseJob } from './wire.ts'
import type { WorkStream } from './work-stream.ts'

/** A pull that found nothing is made again after this; the server forgets it then. */
const pullMs = 30_000
/** A pull of which the server says nothing for twice this long is not known to it. */
const heartbeatMs = 1_500
const retryMs = 250
/** How long a slot waits for the server to know that its last job is done. */
const settleMs = 2_000

export interface ConsumptionDeps {
  link: Link
  log: Log
  stream: WorkStream
  outbox: Outbox
  deadLetters: DeadLetters
  ackWaitMs: number
  deliveriesMax: number
}

/**
 * Each slot asks for one job when it is free, so no job waits in a client for a slot while its time to acknowledge runs
 * and another worker has nothing to do.
 */
export class Consumption {
  private readonly deps: ConsumptionDeps
  private readonly handler: (delivery: Delivery) => Promise<void>
  private readonly slots: Promise<void>[]
  private readonly pulls = new Set<ConsumerMessages>()
  private readonly stopped: Promise<void>
  private stopping: () => void = () => undefined
  private isStopped = false

  constructor(deps: ConsumptionDeps, concurrency: number, handler: (delivery: Delivery) => Promise<void>) {
    this.deps = deps
    this.handler = handler
    this.stopped = new Promise((resolve) => {
      this.stopping = resolve
    })
    this.slots = Array.from({ length: concurrency }, () => this.slot())
  }

  /** Asks for no more; resolves when what was handed out has been dealt with. */
  async stop(): Promise<void> {
    this.isStopped = true
    this.stopping()
    for (const pull of this.pulls) pull.stop()
    await Promise.all(this.slots)
  }

  private async slot(): Promise<void> {
    while (!this.isStopped) {
      const message = await this.next()
      if (message && !this.isStopped) await this.deliver(message)
    }
  }

  private async next(): Promise<JsMsg | undefined> {
    try {
      const consumer = await Promise.race([this.deps.stream.consumer(), this.stopped])
      if (!consumer || this.isStopped) return
      const pull = await consumer.fetch({ max_messages: 1, expires: pullMs, idle_heartbeat: heartbeatMs })
      return await this.first(pull)
    } catch (error) {
      if (this.isStopped) return
      this.deps.log.debug('a pull from NATS ended', { stream: this.deps.stream.name, error: String(error) })
      this.deps.stream.doubt()
      await Promise.race([sleep(retryMs), this.stopped])
    }
  }

  private async first(pull: ConsumerMessages): Promise<JsMsg | undefined> {
    this.pulls.add(pull)
    try {
      if (this.isStopped) return
      for await (const message of pull) return message
    } finally {
      this.pulls.delete(pull)
      pull.stop()
    }
  }

  private async deliver(message: JsMsg): Promise<void> {
    const { log, stream, deliveriesMax } = this.deps
    const held: Held = { subject: message.subject, seq: message.seq, created: stream.created }
    const deliveries = message.info.deliveryCount
    const job = parseJob(message.data)
    if (!job) return this.bury(message, held, 'it is not a job')
    if (deliveries > deliveriesMax) return this.bury(message, held, 'delivered too often')
    let finished: Promise<void> | undefined
    const delivery = this.deliveryOf(job, message, held, (work) => {
      finished = work.catch((error) => log.warn('a job could not be finished', { job: job.id, error: String(error) }))
    })
    try {
      await this.handler(delivery)
    } catch (error) {
      log.error('a consumer failed', { job: job.id, error: String(error) })
    }
    if (finished) await Promise.race([finished, sleep(settleMs)])
  }

  private deliveryOf(job: Job, message: JsMsg, held: Held, finish: (work: Promise<void>) => void): Delivery {
    const { ackWaitMs, deliveriesMax, outbox, link, stream } = this.deps
    const deliveries = message.info.deliveryCount
    let lastSign = performance.now()
    let settled = false
    // After this long without a sign the server hands it to somebody else, and what is said here no longer counts.
    const isOurs = (): boolean => !settled && !link.isClosed && performance.now() - lastSign < ackWaitMs
    const settle = (): boolean => {
      const was = isOurs()
      settled = true
      return was
    }
    const isSameStream = () => held.created === stream.created
    const giveUp = (reason: string) => finish(this.bury(message, held, reason))
    return {
      job,
      deliveries,
      ack: () => {
        if (settle()) finish(outbox.finish(held))
      },
      nak: (delayMs) => {
        if (!settle()) return
        if (deliveries >= deliveriesMax) giveUp('delivered too often')
        else if (isSameStream()) message.nak(delayMs)
      },
      working: () => {
        if (!isOurs()) return
        lastSign = performance.now()
        if (isSameStream()) message.working()
      },
      deadLetter: (reason) => {
        if (settle()) giveUp(reason)
      },
    }
  }

  private bury(message: JsMsg, held: Held, reason: string): Promise<void> {
    const { log, outbox, deadLetters } = this.deps
    log.error('a job became a dead letter', { subject: held.subject, reason })
    return outbox.finish(held, () => deadLetters.bury(message, held, reason))
  }
}
