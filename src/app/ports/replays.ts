import type { RunId, TenantId } from '../../domain/ids.ts'
import type { Cause } from '../context.ts'

/** A replay that has succeeded. */
export interface DoneReplay {
  tenant: TenantId
  runId: RunId
  cause: Cause
}

/** What the views know of replays. */
export interface ReplayWork {
  /** Those that were not compared with what they repeat; of all tenants, so many at most. */
  unreconciled(): readonly DoneReplay[]
}
