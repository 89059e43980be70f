import type { Log } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import type { Past } from '../app/ports/past.ts'
import { decode, type RawEvent, UnreadableEvent } from './codec.ts'

/** The part of a ledger's client that this needs. */
interface RawPast {
  head(): Promise<bigint>
  past(after: bigint, until: bigint): AsyncIterable<RawEvent>
}

/** The past, decoded. What somebody else wrote into the ledger is passed over. */
export class ReadablePast implements Past {
  private readonly source: RawPast
  private readonly log: Log

  constructor(source: RawPast, log: Log) {
    this.source = source
    this.log = log
  }

  head(): Promise<bigint> {
    return this.source.head()
  }

  async *past(after: bigint, until: bigint): AsyncGenerator<LedgerEvent> {
    for await (const raw of this.source.past(after, until)) {
      const event = this.decoded(raw)
      if (event) yield event
    }
  }

  private decoded(raw: RawEvent): LedgerEvent | undefined {
    try {
      return decode(raw)
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error
      this.log.error('an event cannot be read and is passed over', { stream: raw.streamId, error: error.message })
      return undefined
    }
  }
}
