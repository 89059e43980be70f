import type { PartitionOutcome } from '../../domain/backfill/events.ts'
import type { PartitionKey, RunId, TenantId } from '../../domain/ids.ts'
import type { Cause } from '../context.ts'

/** A backfill whose runs are to be requested, or canceled. */
export interface ActiveBackfill {
  tenant: TenantId
  backfillId: string
  cause: Cause
}

/** What the views know of backfills. */
export interface BackfillWork {
  /** Running or canceling, of all tenants; so many at most. */
  active(): readonly ActiveBackfill[]
  /** Partitions without a run, in their order, and runs that have not ended. */
  progress(
    backfill: ActiveBackfill,
    countMax: number,
  ): { waiting: readonly PartitionKey[]; underWay: readonly RunId[]; outcomes: Record<PartitionOutcome, number> }
}
