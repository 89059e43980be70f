import type { JsonObject } from '../json.ts'
import type { Actor } from '../metadata.ts'

/** So many people with a role. */
export interface Requirement {
  role: string
  count: number
}

/** What has to be approved before something goes on. `commandHash`: of what was asked for, as it was resolved. */
export interface ApprovalNeeded {
  approvalId: string
  commandHash: string
  requestedBy: Actor
  required: Requirement[]
  /** ISO time. */
  expiresAt: string
}

export const approvalTargets = ['run', 'pipeline', 'backfill', 'contract'] as const

/** What is carried out once it is approved. */
export interface ApprovalTarget {
  kind: (typeof approvalTargets)[number]
  id: string
}

export interface ApprovalRequested {
  approvalId: string
  target: ApprovalTarget
  /** The resolved command, as it will be carried out; `commandHash` is SHA-256 (hex) over its RFC 8785 JSON. */
  command: JsonObject
  commandHash: string
  requestedBy: Actor
  required: Requirement[]
  /** ISO times. */
  requestedAt: string
  expiresAt: string
}

/** Who decided, in which role; `onBehalfOf` is who delegated it to them. Pseudonyms. */
export interface ApprovalVoice {
  approvalId: string
  by: string
  onBehalfOf: string | null
  role: string
  reason: string
}

export type ApprovalEvent =
  | { type: 'ApprovalRequested'; data: ApprovalRequested }
  | { type: 'ApprovalGranted'; data: ApprovalVoice }
  | { type: 'ApprovalRejected'; data: ApprovalVoice }
  /** Break-glass: one person has decided alone. */
  | { type: 'ApprovalOverridden'; data: ApprovalVoice }
  | { type: 'ApprovalExpired'; data: { approvalId: string } }
  /** What it was for ended without it. */
  | { type: 'ApprovalWithdrawn'; data: { approvalId: string; reason: string } }
  /** It has been used up, by this command. */
  | { type: 'ApprovalConsumed'; data: { approvalId: string; commandId: string; commandHash: string } }
