import { CancelledError, NotLeaderError, TimeoutError, UnavailableError } from '@eventstore/db-client'
import { LedgerUnavailable } from '../app/ports/ledger.ts'

/** gRPC's UNAVAILABLE, which batch appends put on a plain Error. */
const grpcUnavailable = 14

/** What is transient becomes LedgerUnavailable. */
export const translate = (error: unknown): unknown => {
  const isTransient =
    error instanceof UnavailableError ||
    error instanceof TimeoutError ||
    error instanceof CancelledError ||
    error instanceof NotLeaderError ||
    (error instanceof Error && 'code' in error && error.code === grpcUnavailable)
  return isTransient ? new LedgerUnavailable(error instanceof Error ? error.message : 'unavailable') : error
}
