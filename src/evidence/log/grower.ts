import type { LedgerLeaf, LogBuilder } from './builder.ts'

const batchEventsMax = 1_000
/** A fifth of what a checkpoint waits for at most. */
const batchDelayMs = 100
const retryDelayMs = 500

export interface GrowerDeps {
  builder: Pick<LogBuilder, 'append' | 'position'>
  /** All events of the ledger after a position, until the signal fires. */
  follow(after: bigint, signal: AbortSignal): AsyncIterable<LedgerLeaf>
  /** What the trees hold has changed. */
  grown(position: bigint): void
  failed(error: unknown): void
}

/** Follows the ledger and grows the trees, many events in one transaction; resumes by itself until it is stopped. */
export class Grower {
  private readonly deps: GrowerDeps
  private following = new AbortController()
  private stopped = false
  private batch: LedgerLeaf[] = []
  private timer: NodeJS.Timeout | undefined

  constructor(deps: GrowerDeps) {
    this.deps = deps
  }

  async run(): Promise<void> {
    while (!this.stopped) {
      this.following = new AbortController()
      try {
        const events = this.deps.follow(this.deps.builder.position(), this.following.signal)
        for await (const event of events) this.add(event)
      } catch (error) {
        if (!this.stopped) this.deps.failed(error)
      }
      // What was not written is read again.
      this.take()
      if (!this.stopped) await new Promise((resolve) => setTimeout(resolve, retryDelayMs))
    }
  }

  stop(): void {
    this.stopped = true
    this.following.abort()
  }

  private add(event: LedgerLeaf): void {
    this.batch.push(event)
    if (this.batch.length >= batchEventsMax) this.write()
    else this.timer ??= setTimeout(() => this.write(), batchDelayMs)
  }

  private write(): void {
    const batch = this.take()
    if (this.following.signal.aborted) return
    try {
      this.deps.builder.append(batch)
    } catch (error) {
      this.deps.failed(error)
      this.following.abort()
      return
    }
    this.deps.grown(this.deps.builder.position())
  }

  private take(): LedgerLeaf[] {
    clearTimeout(this.timer)
    this.timer = undefined
    return this.batch.splice(0)
  }
}
