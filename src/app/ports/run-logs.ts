import type { StreamName } from '../../domain/ids.ts'
import type { LogFields, LogLevel } from '../../domain/run-log/events.ts'
import type { LedgerEvent } from './ledger.ts'

/**
 * Takes a line for whoever looks into the run; `code` is the type of the error that it tells of. Never throws, and
 * never waits.
 */
export type SayInLog = (level: LogLevel, message: string, fields?: LogFields, code?: string) => void

/** What to read of a stream, and which way; `from` null is the end that the way begins at. */
export interface StreamRange {
  from: bigint | null
  isBackwards: boolean
  countMax: number
}

/** The streams that no view follows. */
export interface RunLogSource {
  /** Empty when there is nothing more. Throws LedgerUnavailable. */
  readRange(stream: StreamName, range: StreamRange): Promise<LedgerEvent[]>
  /**
   * The stream's events after a revision (-1: from its beginning), those to come too, also of a stream that is not
   * there yet, until the signal fires. Throws LedgerUnavailable when the connection is lost.
   */
  followStream(stream: StreamName, after: bigint, signal: AbortSignal): AsyncGenerator<LedgerEvent>
}
