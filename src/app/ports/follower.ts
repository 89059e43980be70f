import type { LedgerEvent } from './ledger.ts'

/** Something that follows the ledger from a position of its own. */
export interface Follows {
  readonly name: string
  /** A rest after each batch, ms, so that under load there are fewer and larger ones; none, unless it is given. */
  readonly restMs?: number
  /** Position of the last event that was handled for good; -1 when there is none. Asked once, at the start. */
  position(): Promise<bigint>
  /**
   * Takes the next events, in order; `reached` is the position up to which nothing else concerns a follower. Resolves
   * when they are handled for good; when it rejects, the same events come again.
   */
  handle(events: readonly LedgerEvent[], reached: bigint): Promise<void>
}

/** What the parts of the system say to whoever operates it; one JSON line each. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}
