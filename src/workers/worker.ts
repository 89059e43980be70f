import type { Bus, Control, Delivery } from '../app/ports/bus.ts'
import { StageError } from '../app/ports/engine.ts'
import type { Log } from '../app/ports/follower.ts'
import { Rejection } from '../domain/codes.ts'
import { hasEnded, type Run } from '../domain/run/state.ts'
import { Attempt, type AttemptDeps } from './attempt.ts'

export interface WorkerDeps extends AttemptDeps {
  bus: Bus
  log: Log
  concurrency: number
  /** How long `stop` lets work in progress finish before it is left to the next life. */
  stopGraceMs: number
}

/** Why work in progress is broken off. */
type AbortReason = 'cancel' | 'timeout' | 'stop'

/** Takes jobs from the bus, runs them on the engine, and gives commands like everyone else. */
export class Worker {
  private readonly deps: WorkerDeps
  private readonly active = new Map<string, AbortController>()
  private stopConsuming: () => Promise<void> = async () => undefined
  private stopControl: () => void = () => undefined

  constructor(deps: WorkerDeps) {
    this.deps = deps
  }

  start(): void {
    const { bus, engine, concurrency } = this.deps
    this.stopControl = bus.onControl((control) => this.onControl(control))
    this.stopConsuming = bus.consume(engine.name, concurrency, (delivery) => this.work(delivery))
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => {
      for (const controller of this.active.values()) controller.abort('stop')
    }, this.deps.stopGraceMs)
    await this.stopConsuming()
    clearTimeout(timer)
    this.stopControl()
  }

  private onControl({ kind, tenant, runId }: Control): void {
    if (kind === 'cancel') this.active.get(`${tenant}/${runId}`)?.abort('cancel')
  }

  private async work(delivery: Delivery): Promise<void> {
    const { tenant, runId } = delivery.job
    const key = `${tenant}/${runId}`
    const attempt = new Attempt(this.deps, delivery.job)
    const controller = new AbortController()
    this.active.set(key, controller)
    const beat = setInterval(() => {
      delivery.working()
      attempt
        .renewLease()
        .catch((error) => this.deps.log.warn('a lease was not renewed', { run: runId, error: `${error}` }))
    }, this.deps.leaseMs / 3)
    try {
      await this.execute(attempt, controller)
    } catch (error) {
      await this.report(attempt, controller, error)
    } finally {
      clearInterval(beat)
      if (this.active.get(key) === controller) this.active.delete(key)
      delivery.ack()
    }
  }

  private async execute(attempt: Attempt, controller: AbortController): Promise<void> {
    const before = await attempt.load()
    if (!before.requested || hasEnded(before)) return
    if (before.status === 'canceling') return attempt.confirmCancel()
    let run = await attempt.start()
    if (!run.committed) {
      await this.runStages(attempt, run, controller)
      run = await attempt.commit()
    }
    await attempt.publish(run)
  }

  private async runStages(attempt: Attempt, run: Run, controller: AbortController): Promise<void> {
    if (!run.requested) return
    const version = await attempt.manifest(run.requested)
    const timeoutMs = version.manifest.orchestration.timeout_seconds * 1000
    const timer = setTimeout(() => controller.abort('timeout'), Math.min(timeoutMs, 2 ** 31 - 1))
    const session = await attempt.openSession(run, run.requested, version)
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
      return this.leave(error)
    }
    if (aborted === 'stop') return
    if (aborted === 'cancel') return attempt.confirmCancel()
    if (aborted === 'timeout')
      return attempt.fail({ code: 'TIMEOUT', message: 'the run took longer than its timeout' }, true)
    if (error instanceof StageError) return attempt.fail({ code: error.code, message: error.message }, error.retryable)
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.deps.log.error('an engine failed unexpectedly', { error: detail })
    return attempt.fail({ code: 'STAGE_FAILED', message: 'the engine failed unexpectedly' }, true)
  }

  private leave(error: unknown): void {
    const reason = error instanceof Rejection ? `${error.code}: ${error.message}` : String(error)
    this.deps.log.info('an attempt was left', { worker: this.deps.worker, reason })
  }
}
