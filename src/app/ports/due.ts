import type { RunId, TenantId } from '../../domain/ids.ts'
import type { Cause } from '../context.ts'

/** A run about which something is to be done. */
export interface DueRun {
  tenant: TenantId
  runId: RunId
  engine: string
  attempt: number
  cause: Cause
}

/** What the views say is due. Times are ISO 8601; each list is bounded and a later call finds the rest. */
export interface DueWork {
  /**
   * Runs whose next attempt nobody is at: queued, to be canceled without a worker, held by a worker that has shown no
   * life since `lostBefore`, or by an earlier life of `worker`.
   */
  work(asked: { now: string; lostBefore: string; worker: string }): DueRun[]
  /** Runs whose pause before the next try is over. */
  retries(now: string): DueRun[]
  /** Runs that have ended and still hold their partition. */
  endedClaims(): DueRun[]
}
