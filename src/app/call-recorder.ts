import type { CallRecord } from '../domain/access/events.ts'
import type { TenantId } from '../domain/ids.ts'
import { accessLogs } from './aggregates.ts'
import { type CommandContext, systemContext } from './context.ts'
import type { CommandHandler } from './handle.ts'
import type { Log } from './ports/follower.ts'

const batchDelayMs = 50
const callsPerEventMax = 256
const retryDelayMs = 200

export interface CallRecorderDeps {
  commands: Pick<CommandHandler, 'handle'>
  /** What tells this process's streams from another replica's; no dot. */
  replica: string
  log: Pick<Log, 'error'>
  nowMs(): number
}

/** A batch is fixed once: however often it is said again, the ledger holds it once. */
interface Batch {
  calls: readonly CallRecord[]
  streamId: string
  context: CommandContext
  oldestMs: number
}

/**
 * Writes down who called what: up to 50 ms of calls, or 256 of them, in one event of the stream of tenant, day and
 * replica. A batch that cannot be written is said again until it can; `behindMs` tells how long that has been so.
 */
export class CallRecorder {
  private readonly deps: CallRecorderDeps
  private readonly open = new Map<TenantId, { calls: CallRecord[]; oldestMs: number }>()
  private readonly batches: Batch[] = []
  private waiting: { written: number; resolve(): void }[] = []
  /** How many batches were closed, and how many of them are durable; they are written in order. */
  private closed = 0
  private written = 0
  private timer: NodeJS.Timeout | undefined
  private writing: Promise<void> | undefined
  private stopped = false

  constructor(deps: CallRecorderDeps) {
    this.deps = deps
  }

  record(tenant: TenantId, call: CallRecord): void {
    let batch = this.open.get(tenant)
    if (!batch) {
      batch = { calls: [], oldestMs: this.deps.nowMs() }
      this.open.set(tenant, batch)
    }
    batch.calls.push(call)
    if (batch.calls.length >= callsPerEventMax) this.closeBatch(tenant)
    else this.timer ??= setTimeout(() => this.closeAll(), batchDelayMs)
  }

  /** Resolves when all that was recorded so far is durable. */
  async durable(): Promise<void> {
    this.closeAll()
    const written = this.closed
    if (written <= this.written) return
    return new Promise((resolve) => this.waiting.push({ written, resolve }))
  }

  /** Age of the oldest call that is not durable yet; 0 when there is none. */
  behindMs(): number {
    let oldestMs = this.batches[0]?.oldestMs ?? Infinity
    for (const batch of this.open.values()) oldestMs = Math.min(oldestMs, batch.oldestMs)
    return oldestMs === Infinity ? 0 : Math.max(0, this.deps.nowMs() - oldestMs)
  }

  /** Writes what is open, but does not wait for a ledger that does not answer. */
  async close(): Promise<void> {
    this.stopped = true
    this.closeAll()
    await this.writing
  }

  private closeAll(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    for (const tenant of this.open.keys()) this.closeBatch(tenant)
  }

  private closeBatch(tenant: TenantId): void {
    const batch = this.open.get(tenant)
    if (!batch) return
    this.open.delete(tenant)
    const context = systemContext(tenant, 'call-recorder', this.deps.nowMs())
    const day = context.at.slice(0, 10)
    this.batches.push({ ...batch, context, streamId: `${day}-${this.deps.replica}` })
    this.closed += 1
    this.writing ??= this.writeAll().finally(() => {
      this.writing = undefined
    })
  }

  private async writeAll(): Promise<void> {
    for (let batch = this.batches[0]; batch; batch = this.batches[0]) {
      try {
        const { context, streamId, calls } = batch
        await this.deps.commands.handle(accessLogs, streamId, { type: 'RecordCalls', calls }, context)
      } catch (error) {
        this.deps.log.error('calls cannot be recorded', { error: error instanceof Error ? error.message : `${error}` })
        if (this.stopped) return
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs))
        continue
      }
      this.batches.shift()
      this.written += 1
      const { written } = this
      for (const { resolve } of this.waiting.filter((waiter) => waiter.written <= written)) resolve()
      this.waiting = this.waiting.filter((waiter) => waiter.written > written)
    }
  }
}
