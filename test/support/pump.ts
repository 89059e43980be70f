import type { Follows } from '../../src/app/ports/follower.ts'
import type { InMemoryLedger } from './in-memory-ledger.ts'
import { sleep } from './waiting.ts'

const retryDelayMs = 5

/** Hands what the ledger stores to those who follow it, each at its own pace, from the start of the ledger on. */
export class Pump {
  private readonly ledger: InMemoryLedger
  private readonly running = new Map<Follows, Promise<void>>()
  private readonly done = new Map<Follows, number>()
  private readonly stopListening: () => void
  private stopped = false

  constructor(ledger: InMemoryLedger, ...handlers: Follows[]) {
    this.ledger = ledger
    for (const handler of handlers) {
      this.done.set(handler, 0)
      this.running.set(handler, Promise.resolve())
    }
    this.stopListening = ledger.onStored(() => this.wake())
    this.wake()
  }

  /** Resolves when everybody has handled what is in the ledger, and what that has led to. */
  async settled(): Promise<void> {
    const isBehind = () => [...this.done.values()].some((done) => done < this.ledger.all.length)
    do await Promise.all(this.running.values())
    while (isBehind() && !this.stopped)
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.stopListening()
    await Promise.all(this.running.values())
  }

  private wake(): void {
    for (const [handler, running] of this.running) {
      this.running.set(
        handler,
        running.then(() => this.drain(handler)),
      )
    }
  }

  private async drain(handler: Follows): Promise<void> {
    for (;;) {
      const done = this.done.get(handler) ?? 0
      const batch = this.ledger.all.slice(done)
      const last = batch.at(-1)
      if (!last || this.stopped) return
      try {
        await handler.handle(batch, last.position)
        this.done.set(handler, done + batch.length)
      } catch {
        await sleep(retryDelayMs)
      }
    }
  }
}
