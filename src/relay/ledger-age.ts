import type { StreamEnd } from '../app/ports/event-stream.ts'
import type { Past } from '../app/ports/past.ts'

/** Tells when a stream knows more than the ledger: it belongs to another one, or this one was set back. */
export class LedgerAge {
  private readonly past: Past
  private readonly patienceMs: number
  private aheadSince: number | undefined

  /** A copy of the ledger that lags that long is no reason yet. */
  constructor(past: Past, patienceMs: number) {
    this.past = past
    this.patienceMs = patienceMs
  }

  /** `latest` is a position that the ledger has for certain. Rejects as long as it cannot be told. */
  async isBehind({ position }: StreamEnd, latest: bigint): Promise<boolean> {
    if (position <= latest || position <= (await this.past.head())) {
      this.aheadSince = undefined
      return false
    }
    this.aheadSince ??= performance.now()
    if (performance.now() - this.aheadSince >= this.patienceMs) return true
    throw new Error('the event stream is ahead of the ledger')
  }
}
