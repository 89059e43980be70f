import { z } from 'zod'
import type { ApprovalRequired } from '../app/approval-needed.ts'
import type { ApprovalNeeded } from '../domain/approval/events.ts'

const requirement = z.strictObject({ role: z.string(), count: z.int() })

/** The approval that what was asked for waits for. `approval_id` is null in a dry run, all of it where none is needed. */
export const approvalNeeded = z
  .strictObject({ approval_id: z.string().nullable(), required: z.array(requirement), expires_at: z.iso.datetime() })
  .nullable()

export const shownApproval = (
  approval: ApprovalNeeded | (ApprovalRequired & { approvalId: null }) | null | undefined,
): z.input<typeof approvalNeeded> =>
  approval && approval.required.length > 0
    ? { approval_id: approval.approvalId, required: approval.required, expires_at: approval.expiresAt }
    : null
