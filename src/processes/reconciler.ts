import { partitions, runs } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import { jobOf } from '../app/jobs.ts'
import type { Bus } from '../app/ports/bus.ts'
import type { DueRun, DueWork } from '../app/ports/due.ts'
import type { Follows, Log } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import { partitionStreamId } from '../domain/ids.ts'
import { Offers } from './offers.ts'

export interface ReconcilerDeps {
  due: DueWork
  commands: CommandHandler
  bus: Bus
  log: Log
  head(): Promise<bigint>
  nowMs(): number
  leaseMs: number
  worker: string
}

const sweepEveryMs = 10_000
const timerMaxMs = 2 ** 31 - 1
/** A timer may fire a little early, and a retry that is asked for too early is not queued. */
const timerSlackMs = 5
const leftToNext = 'a due run was left to the next sweep'

/**
 * The process manager of runs: releases the partitions of runs that have ended, queues retries when their pause is
 * over, and sends work again that nobody is at. It reacts to events at once, and sweeps from the views for whatever a
 * crash has left, so that nothing depends on having seen an event.
 */
export class Reconciler implements Follows {
  readonly name = 'reconciler'
  private readonly deps: ReconcilerDeps
  private readonly timers = new Set<NodeJS.Timeout>()
  private readonly offers: Offers
  private sweeping: Promise<void> | null = null
  private next: Promise<void> | null = null
  private stopped = false
  private interval: NodeJS.Timeout | undefined

  constructor(deps: ReconcilerDeps) {
    this.deps = deps
    this.offers = new Offers(deps.bus, deps.leaseMs)
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  /** The views must be current: they say what is due. Nobody waits for a bus that takes nothing just now. */
  start(): void {
    void this.sweep()
    const every = Math.min(sweepEveryMs, Math.max(250, this.deps.leaseMs / 2))
    this.interval = setInterval(() => void this.sweep(), every)
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearInterval(this.interval)
    for (const timer of this.timers) clearTimeout(timer)
    await this.sweeping
  }

  async handle(events: readonly LedgerEvent[]): Promise<void> {
    for (const { id, event, metadata } of events) {
      if (!event) continue
      const { tenant, correlationId } = metadata
      const cause = { correlationId, causationId: id }
      switch (event.type) {
        case 'RunSucceeded':
        case 'RunFailed':
        case 'RunCanceled':
        case 'RunRejected':
          await this.release({ tenant, runId: event.data.runId, cause })
          break
        case 'RunRetryScheduled': {
          const { runId, dueAt } = event.data
          const delayMs = Math.min(timerMaxMs, Math.max(0, Date.parse(dueAt) - this.deps.nowMs()) + timerSlackMs)
          this.later(delayMs, () => this.queueRetry({ tenant, runId, cause }))
          break
        }
      }
    }
  }

  /** The bus has lost what it had taken. */
  lost(): Promise<void> {
    this.offers.forget()
    return this.sweep()
  }

  /**
   * One after the other: what a sweep finds, the one before it may just have dealt with. One that is asked for while
   * another waits is that one.
   */
  sweep(): Promise<void> {
    if (this.sweeping === null) {
      this.sweeping = this.sweepOnce()
        .catch((error) => this.deps.log.warn('a sweep failed; the next one tries again', { error: String(error) }))
        .finally(() => {
          this.sweeping = null
        })
      return this.sweeping
    }
    this.next ??= this.sweeping.then(() => {
      this.next = null
      return this.stopped ? undefined : this.sweep()
    })
    return this.next
  }

  private async sweepOnce(): Promise<void> {
    const { due, leaseMs, worker, log } = this.deps
    const nowMs = this.deps.nowMs()
    const now = new Date(nowMs).toISOString()
    const lostBefore = new Date(nowMs - leaseMs).toISOString()
    for (const run of due.endedClaims()) await this.each(run, () => this.release(run))
    for (const run of due.retries(now)) await this.each(run, () => this.queueRetry(run))
    const jobs = due
      .work({ now, lostBefore, worker })
      .map(({ tenant, runId, engine, attempt, cause }) => jobOf(tenant, { runId, engine, attempt: attempt + 1 }, cause))
    await this.offers.offer(jobs, nowMs, ({ tenant, runId }, error) =>
      log.warn(leftToNext, { tenant, run: runId, error: String(error) }),
    )
  }

  /** One run that cannot be dealt with now does not hold up the others. */
  private async each({ tenant, runId }: DueRun, task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      this.deps.log.warn(leftToNext, { tenant, run: runId, error: String(error) })
    }
  }

  private async release({ tenant, runId, cause }: Pick<DueRun, 'tenant' | 'runId' | 'cause'>): Promise<void> {
    const { commands } = this.deps
    const { state } = await commands.loadCached(runs, tenant, runId)
    if (!state.requested?.claim || state.requested.partition === null) return
    const { pipelineId, partition, claim } = state.requested
    const command = { type: 'ReleasePartition' as const, runId, commandId: claim }
    const context = systemContext(tenant, 'reconciler', this.deps.nowMs(), cause)
    await commands.handle(partitions, partitionStreamId(pipelineId, partition), command, context)
  }

  private async queueRetry({ tenant, runId, cause }: Pick<DueRun, 'tenant' | 'runId' | 'cause'>): Promise<void> {
    const nowMs = this.deps.nowMs()
    const context = systemContext(tenant, 'reconciler', nowMs, cause)
    await this.deps.commands.handle(runs, runId, { type: 'QueueRetry', runId, at: context.at }, context)
  }

  private later(delayMs: number, task: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      task().catch((error) => this.deps.log.warn('a retry was not queued; a sweep will', { error: String(error) }))
    }, delayMs)
    this.timers.add(timer)
  }
}
