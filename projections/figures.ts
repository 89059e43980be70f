import { alertsTable } from './alerts.ts'
import { approvalsTable } from './approval-tables.ts'
import { deadLettersTable, notEnded, waitingIndex } from './dead-letter-tables.ts'
import type { ReadDb } from './projection.ts'
import { runsTable } from './run-tables.ts'
import { deliveriesTable } from './webhooks.ts'

// What there is to do, of all tenants together. Each count goes through an index of what is open, not of what has ended.

/** Runs that have not ended, by status. */
export const activeRuns = (db: ReadDb): Record<string, number> => {
  const rows = db.all<{ status: string; total: number }>(
    `select status, count(*) total from ${runsTable} where status in ('queued', 'running', 'canceling') group by status`,
  )
  const none = { queued: 0, running: 0, canceling: 0 }
  return { ...none, ...Object.fromEntries(rows.map(({ status, total }) => [status, total])) }
}

/** Approvals that are waited for. */
export const pendingApprovals = (db: ReadDb): number =>
  counted(db, `${approvalsTable} where settled = 0 and status = 'pending'`)

/** Messages to webhooks that are yet to be sent, or sent again. */
export const dueDeliveries = (db: ReadDb): number => counted(db, `${deliveriesTable} where next_at is not null`)

export const openDeadLetters = (db: ReadDb): number =>
  counted(db, `${deadLettersTable} indexed by ${waitingIndex} where ${notEnded(deadLettersTable)}`)

export const firingAlerts = (db: ReadDb): number => counted(db, `${alertsTable} where state = 'firing'`)

const counted = (db: ReadDb, from: string): number =>
  db.get<{ total: number }>(`select count(*) total from ${from}`)?.total ?? 0
