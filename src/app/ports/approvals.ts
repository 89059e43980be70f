import type { RunId, TenantId } from '../../domain/ids.ts'
import type { Actor } from '../../domain/metadata.ts'
import type { Environment } from '../../domain/pipeline/environments.ts'
import type { Cause } from '../context.ts'

/** An approval that something is left to do for, with what led to it. */
export interface DueApproval {
  tenant: TenantId
  approvalId: string
  cause: Cause
}

export interface AwaitingRun {
  tenant: TenantId
  runId: RunId
  cause: Cause
}

/** What the views know of approvals. */
export interface ApprovalWork {
  /** Runs that await an approval which nobody has opened yet. */
  unopened(): readonly AwaitingRun[]
  /** Decided but not carried out, or past their time at `now` (ISO); of all tenants, so many at most. */
  due(now: string): readonly DueApproval[]
}

/** Whether who asked may still do it: roles and policies may have changed meanwhile. */
export type MayStill = (tenant: TenantId, actor: Actor, action: 'ReplayRun', environment: Environment) => boolean
