import type { Category, TenantId } from '../../domain/ids.ts'
import type { LedgerEvent } from './ledger.ts'

/** Whose events, and of which kinds of streams. */
export interface Selection {
  tenant: TenantId
  categories: readonly Category[]
}

/** Events for one who watches: what was, and without a seam what happens. */
export interface EventFeed {
  /** Position of the newest event of the whole ledger; -1 when it is empty. Throws LedgerUnavailable. */
  head(): Promise<bigint>
  /**
   * The selected events after a position, oldest first, each once, until the signal fires. Lost connections to the
   * ledger are taken up again. Nothing is read ahead of a slow reader but one page.
   */
  follow(selection: Selection, after: bigint, signal: AbortSignal): AsyncGenerator<LedgerEvent>
}
