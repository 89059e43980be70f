import type { ApprovalWork, DueApproval } from '../src/app/ports/approvals.ts'
import { must, parseTenantId } from '../src/domain/ids.ts'
import { dueApprovals, unusedApprovals, type WantedRow, wantedApprovals } from './approval-queries.ts'
import type { ApprovalRow } from './approval-tables.ts'
import type { ReadDb } from './projection.ts'

const countMax = 1_000

/** Approvals that something is left to do for, as the views know them. */
export const approvalWork = (views: ReadDb): ApprovalWork => ({
  unopened: () =>
    wantedApprovals(views, countMax).map((row) => ({
      ...dueOf(row),
      target: { kind: row.target_kind, id: row.target_id },
    })),
  due: (now) => dueApprovals(views, now, countMax).map(dueOf),
  unused: () => unusedApprovals(views, countMax).map(dueOf),
})

const dueOf = (row: ApprovalRow | WantedRow): DueApproval => ({
  tenant: must(parseTenantId(row.tenant), 'tenant'),
  approvalId: row.approval_id,
  cause: { correlationId: row.correlation_id, causationId: row.event_id },
})
