import type { ApprovalTarget } from '../../domain/approval/events.ts'
import type { TenantId } from '../../domain/ids.ts'
import type { Actor } from '../../domain/metadata.ts'
import type { Environment } from '../../domain/pipeline/environments.ts'
import type { Cause } from '../context.ts'

/** An approval that something is left to do for, with what led to it. */
export interface DueApproval {
  tenant: TenantId
  approvalId: string
  cause: Cause
}

/** An approval that something waits for, and that nobody has opened yet. */
export interface WantedApproval {
  tenant: TenantId
  target: ApprovalTarget
  approvalId: string
  cause: Cause
}

/** What the views know of approvals. */
export interface ApprovalWork {
  /** Of all tenants, so many at most. */
  unopened(): readonly WantedApproval[]
  /** Decided but not carried out, or past their time at `now` (ISO); of all tenants, so many at most. */
  due(now: string): readonly DueApproval[]
  /** Open though what they are for has ended without them; of all tenants, so many at most. */
  unused(): readonly DueApproval[]
}

/** Whether who asked may still do it: roles and policies may have changed meanwhile. */
export type MayStill = (
  tenant: TenantId,
  actor: Actor,
  action: 'RequestRun' | 'ReplayRun' | 'PromotePipeline' | 'RequestBackfill' | 'WriteContract',
  environment: Environment | null,
) => boolean
