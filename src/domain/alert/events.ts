import type { ApprovalTarget } from '../approval/events.ts'
import type { PipelineId, Slug } from '../ids.ts'
import type { Environment } from '../pipeline/environments.ts'
import type { AlertObjective, Severity } from '../slo/alarm.ts'
import type { AlertFigures } from '../slo/told.ts'

/** What an objective of a pipeline in an environment comes to. `detail` says it in words. */
export interface SloAlert {
  /** Of this time that it is alarming; the next has another. */
  alertId: string
  pipelineId: PipelineId
  pipeline: Slug
  environment: Environment
  objective: AlertObjective
  severity: Severity
  detail: string
  figures: AlertFigures
  /** Of the budget. */
  windowDays: number
}

export type AlertAcknowledged = { type: 'AlertAcknowledged'; data: { alertId: string } }

/**
 * The ledger's past differs from what was sealed. `from` to `to` are the indexes, both included, of which the first that
 * differs is one; they are equal where it is known exactly. `event` and `stream`: what was sealed there, as far as known.
 */
export type IntegrityAlertEvent =
  | {
      type: 'IntegrityAlertRaised'
      data: {
        log: 'commands' | 'access'
        from: number
        to: number
        event: string | null
        stream: string | null
        detail: string
      }
    }
  | AlertAcknowledged

export type SloAlertEvent =
  | { type: 'SloAlertRaised'; data: SloAlert }
  /** A budget that was burning is used up. */
  | { type: 'SloAlertEscalated'; data: SloAlert }
  /** `figures` is null where the objective is asked for no more. */
  | { type: 'SloAlertResolved'; data: Omit<SloAlert, 'severity' | 'figures'> & { figures: AlertFigures | null } }
  | AlertAcknowledged

/** Somebody decided alone what takes others. Their reason is that of the event. `by` is a pseudonym. */
export interface BreakGlassAlert {
  alertId: string
  approvalId: string
  target: ApprovalTarget
  /** Of which pipeline it is, where it is of one. */
  pipeline: Slug | null
  /** Name of the command that goes on. */
  command: string
  by: string
}

export type BreakGlassAlertEvent = { type: 'BreakGlassAlertRaised'; data: BreakGlassAlert } | AlertAcknowledged

export type AlertEvent = IntegrityAlertEvent | SloAlertEvent | BreakGlassAlertEvent
