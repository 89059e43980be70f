import type { LedgerEvent } from './ledger.ts'

/** What the ledger holds, for whoever has to go back. */
export interface Past {
  /** Position of the newest event of the whole ledger; -1 when it is empty. */
  head(): Promise<bigint>
  /** The followed events after the position of one of them (-1: from the start), up to the position `until`. */
  past(after: bigint, until: bigint): AsyncIterable<LedgerEvent>
}
