import { z } from 'zod'
import { approvalTargets } from '../../domain/approval/events.ts'
import { actor } from './actor.ts'
import { jsonObject, requirement } from './common.ts'

const approvalId = z.string()
const commandHash = z.string().regex(/^[0-9a-f]{64}$/)
const voice = z.object({
  approvalId,
  by: z.string(),
  onBehalfOf: z.string().nullable(),
  role: z.string(),
  reason: z.string(),
})

export const approvalTarget = z.object({ kind: z.enum(approvalTargets), id: z.string() })

/** What a run or a promotion asks for before it goes on. */
export const approvalNeeded = z.object({
  approvalId,
  commandHash,
  requestedBy: actor,
  required: z.array(requirement),
  expiresAt: z.string(),
})

export const approvalSchemas = {
  ApprovalRequested: z.object({
    approvalId,
    target: approvalTarget,
    command: jsonObject,
    commandHash,
    requestedBy: actor,
    required: z.array(requirement),
    requestedAt: z.string(),
    expiresAt: z.string(),
  }),
  ApprovalGranted: voice,
  ApprovalRejected: voice,
  ApprovalOverridden: voice,
  ApprovalExpired: z.object({ approvalId }),
  ApprovalWithdrawn: z.object({ approvalId, reason: z.string() }),
  ApprovalConsumed: z.object({ approvalId, commandId: z.string(), commandHash }),
  DelegationGranted: z.object({
    delegationId: z.string(),
    from: z.string(),
    to: z.string(),
    roles: z.array(z.string()).min(1),
    until: z.string(),
    reason: z.string(),
  }),
  DelegationRevoked: z.object({ delegationId: z.string(), from: z.string() }),
}
