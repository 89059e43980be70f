import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import { type AcknowledgeAlert, acknowledged, alertNotFound } from './acknowledge.ts'
import type { BreakGlassAlert, BreakGlassAlertEvent } from './events.ts'
import { breakGlassAlertId } from './ids.ts'

/** Of one approval. */
export interface BreakGlass {
  alert: BreakGlassAlert | null
  isAcknowledged: boolean
}

export type BreakGlassCommand =
  | { type: 'RaiseBreakGlassAlert'; alert: Omit<BreakGlassAlert, 'alertId'> }
  | AcknowledgeAlert

/** Told once. That somebody has seen it can only be somebody else. */
const decide = (command: BreakGlassCommand, { alert, isAcknowledged }: BreakGlass): BreakGlassAlertEvent[] => {
  if (command.type === 'RaiseBreakGlassAlert') {
    if (alert) return []
    const alertId = breakGlassAlertId(command.alert.approvalId)
    return [{ type: 'BreakGlassAlertRaised', data: { alertId, ...command.alert } }]
  }
  const { alertId, by } = command
  if (!alert) throw alertNotFound(alertId)
  if (by.includes(alert.by)) {
    throw new Rejection('SELF_APPROVAL', 'who broke the glass cannot acknowledge its alert', { alertId })
  }
  return isAcknowledged ? [] : [acknowledged(command)]
}

export const breakGlassDecider: Decider<BreakGlass, BreakGlassCommand, BreakGlassAlertEvent> = {
  initial: { alert: null, isAcknowledged: false },
  decide,
  evolve: (state, { type, data }) =>
    type === 'BreakGlassAlertRaised' ? { ...state, alert: data } : { ...state, isAcknowledged: true },
}
