import type { Actor } from '../metadata.ts'
import type { ApprovalRequested } from './events.ts'

/** Who speaks. `roles` are theirs, or those that were delegated to them where they speak for somebody. */
export interface Speaker {
  by: string
  kind: Actor['kind']
  onBehalfOf: string | null
  roles: readonly string[]
}

type Said = Speaker & { approvalId: string; reason: string; at: string }

export type ApprovalCommand =
  | { type: 'RequestApproval'; approval: ApprovalRequested }
  | ({ type: 'GrantApproval' } & Said)
  | ({ type: 'RejectApproval' } & Said)
  | ({ type: 'OverrideApproval' } & Said)
  | { type: 'ExpireApproval'; approvalId: string; at: string }
  | { type: 'WithdrawApproval'; approvalId: string; reason: string }
  | { type: 'ConsumeApproval'; approvalId: string; commandId: string; commandHash: string }
