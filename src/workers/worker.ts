import { noLongerThan } from '../app/no-longer-than.ts'
import type { Bus, Control, Delivery, Job } from '../app/ports/bus.ts'
import { StageError } from '../app/ports/engine.ts'
import type { WorkerStats } from '../app/ports/worker-directory.ts'
import { Rejection } from '../domain/codes.ts'
import type { RunError } from '../domain/run/events.ts'
import { hasEnded, type Run } from '../domain/run/state.ts'
import { Attempt, type AttemptDeps } from './attempt.ts'

export interface WorkerDeps extends AttemptDeps {
  bus: Bus
  concurrency: number
  /** How long `stop` lets work in progress finish before it is left to the next life. */
  stopGraceMs: number
}

/** Of work that was broken off, until it is left as a crash would leave it: a ledger or a bus may not answer it. */
const abortMs = 5_000

/** Why work in progress is broken off. */
type AbortReason = 'cancel' | 'timeout' | 'stop'

/** A job that a worker has. */
interface InHand {
  attempt: Attempt
  controller: AbortController
  /** As the last control said. The ledger decides: at the end of the stage it refuses the next one. */
  isPaused: boolean
}

/** Takes jobs from the bus, runs them on the engine, and gives commands like everyone else. */
export class Worker {
  private readonly deps: WorkerDeps
  private readonly active = new Map<string, InHand>()
  /** Logs whose last lines are being written. */
  private readonly closing = new Set<Promise<void>>()
  private readonly ended = { finished: 0, failed: 0 }
  private readonly startedAt: string
  private stopConsuming: () => Promise<void> = async () => undefined
  private stopControl: () => void = () => undefined

  constructor(deps: WorkerDeps) {
    this.deps = deps
    this.startedAt = new Date(deps.nowMs()).toISOString()
  }

  start(): void {
    const { bus, engine, concurrency } = this.deps
    this.stopControl = bus.onControl((control) => this.onControl(control))
    this.stopConsuming = bus.consume(engine.name, concurrency, (delivery) => this.work(delivery))
  }

  /** Takes nothing new, and resolves when what was in progress has ended, was broken off, or was left. */
  async stop(): Promise<void> {
    const { stopGraceMs } = this.deps
    const aborting = setTimeout(() => {
      for (const { controller } of this.active.values()) controller.abort('stop')
    }, stopGraceMs)
    await noLongerThan(stopGraceMs + abortMs, this.finished())
    clearTimeout(aborting)
  }

  private async finished(): Promise<void> {
    await this.stopConsuming()
    this.stopControl()
    await Promise.all(this.closing)
  }

  stats(): WorkerStats {
    const jobs = [...this.active.values()]
    const paused = jobs.filter(({ isPaused }) => isPaused).length
    return { active: jobs.length, paused, ...this.ended, startedAt: this.startedAt }
  }

  private onControl({ kind, tenant, runId }: Control): void {
    const job = this.active.get(`${tenant}/${runId}`)
    if (!job) return
    job.attempt.log.asked(kind)
    if (kind === 'cancel') job.controller.abort('cancel')
    else job.isPaused = kind === 'pause'
  }

  private async work(delivery: Delivery): Promise<void> {
    const { tenant, runId } = delivery.job
    const key = `${tenant}/${runId}`
    const attempt = new Attempt(this.deps, delivery.job)
    const controller = new AbortController()
    const inHand: InHand = { attempt, controller, isPaused: false }
    this.active.set(key, inHand)
    let refused = false
    const beat = setInterval(() => {
      delivery.working()
      attempt
        .renewLease()
        .catch((error) => this.deps.log.warn('a lease was not renewed', { run: runId, error: `${error}` }))
    }, this.deps.leaseMs / 3)
    try {
      await this.execute(attempt, controller)
    } catch (error) {
      refused = error instanceof Rejection && error.code !== 'LEDGER_UNAVAILABLE'
      await this.report(attempt, controller, error)
    } finally {
      clearInterval(beat)
      if (this.active.get(key) === inHand) this.active.delete(key)
      this.close(attempt)
      delivery.ack()
    }
    if (refused) await this.lookAgain(attempt, delivery.job)
  }

  /** The next run does not wait for the last lines of this one. */
  private close({ log }: Attempt): void {
    const closed = log.close().finally(() => this.closing.delete(closed))
    this.closing.add(closed)
  }

  /**
   * A run that was paused when its job came may have been resumed since. The job that the resume published has the same
   * id, and was passed over as long as this one was in hand.
   */
  private async lookAgain(attempt: Attempt, job: Job): Promise<void> {
    try {
      if (await attempt.isDue()) await this.deps.bus.publish(job)
    } catch (error) {
      this.leave(error)
    }
  }

  private async execute(attempt: Attempt, controller: AbortController): Promise<void> {
    const before = await attempt.load()
    if (!before.requested || hasEnded(before)) return
    if (before.status === 'canceling') return attempt.confirmCancel()
    await this.deps.engine.prepare()
    let run = await attempt.start()
    if (!run.committed) {
      await this.runStages(attempt, run, controller)
      run = await attempt.commit()
    }
    await attempt.publish(run)
    this.ended.finished += 1
  }

  private async runStages(attempt: Attempt, run: Run, controller: AbortController): Promise<void> {
    if (!run.requested) return
    const manifest = await attempt.manifest(run.requested)
    const timeoutMs = manifest.orchestration.timeout_seconds * 1000
    const timer = setTimeout(() => controller.abort('timeout'), Math.min(timeoutMs, 2 ** 31 - 1))
    const session = await attempt.openSession(run, run.requested, manifest)
    try {
      await attempt.runStages(run, run.requested.stages, session, controller.signal)
    } finally {
      clearTimeout(timer)
      await session.close()
    }
  }

  /** What could not be said now is left: the run's lease runs out and the reconciler sends the next attempt. */
  private async report(attempt: Attempt, { signal }: AbortController, error: unknown): Promise<void> {
    try {
      await this.react(attempt, signal.aborted ? (signal.reason as AbortReason) : null, error)
    } catch (second) {
      if (second instanceof Rejection && second.code === 'RUN_CANCELING') {
        await attempt.confirmCancel().catch((third) => this.leave(third))
      } else this.leave(second)
    }
  }

  private async react(attempt: Attempt, aborted: AbortReason | null, error: unknown): Promise<void> {
    if (error instanceof Rejection) {
      if (error.code === 'RUN_CANCELING') return attempt.confirmCancel()
      // A worker that comes back when the run has ended removes what it has staged meanwhile.
      if (error.code === 'RUN_NOT_ACTIVE') await attempt.discard()
      attempt.log.left(error.code, error.message)
      return this.leave(error)
    }
    if (aborted === 'stop') return attempt.log.stopped()
    if (aborted === 'cancel') return attempt.confirmCancel()
    const { retryable, ...why } = this.failureOf(aborted, error)
    await attempt.fail(why, retryable)
    this.ended.failed += 1
  }

  private failureOf(aborted: AbortReason | null, error: unknown): RunError & { retryable: boolean } {
    if (aborted === 'timeout')
      return { code: 'TIMEOUT', message: 'the run took longer than its timeout', retryable: true }
    if (error instanceof StageError) return { code: error.code, message: error.message, retryable: error.retryable }
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.deps.log.error('an engine failed unexpectedly', { error: detail })
    return { code: 'STAGE_FAILED', message: 'the engine failed unexpectedly', retryable: true }
  }

  private leave(error: unknown): void {
    const reason = error instanceof Rejection ? `${error.code}: ${error.message}` : String(error)
    this.deps.log.info('an attempt was left', { worker: this.deps.worker, reason })
  }
}
