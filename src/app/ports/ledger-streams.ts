import type { StreamName } from '../../domain/ids.ts'
import type { Ledger, LedgerEvent } from './ledger.ts'

/** What to read of a stream, and which way; `from` null is the end that the way begins at. */
export interface StreamRange {
  from: bigint | null
  isBackwards: boolean
  countMax: number
}

/** Streams as the ledger holds them, for what no view keeps a copy of. */
export interface LedgerStreams extends Pick<Ledger, 'read'> {
  /** Empty when there is nothing more. Throws LedgerUnavailable. */
  readRange(stream: StreamName, range: StreamRange): Promise<LedgerEvent[]>
  /**
   * The stream's events after a revision (-1: from its beginning), those to come too, also of a stream that is not
   * there yet, until the signal fires. Throws LedgerUnavailable when the connection is lost.
   */
  followStream(stream: StreamName, after: bigint, signal: AbortSignal): AsyncGenerator<LedgerEvent>
}
