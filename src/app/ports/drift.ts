import type { RunId, TenantId } from '../../domain/ids.ts'
import type { Column } from '../../domain/run/drift.ts'
import type { Cause } from '../context.ts'

/** A sink that a run has written otherwise than `since`, the last run of its pipeline that succeeded with it before. */
export interface FoundDrift {
  tenant: TenantId
  runId: RunId
  sink: string
  since: RunId
  before: Column[]
  after: Column[]
  cause: Cause
}

/** What the views know of drifts that no run has recorded yet. */
export interface DriftWork {
  ofRun(tenant: TenantId, runId: RunId): FoundDrift[]
  /** Of all runs; bounded, a later call finds the rest. */
  unrecorded(): FoundDrift[]
}
