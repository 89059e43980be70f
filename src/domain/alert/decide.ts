import type { Decider } from '../decider.ts'
import { type AcknowledgeAlert, acknowledged, alertNotFound } from './acknowledge.ts'
import type { IntegrityAlertEvent } from './events.ts'
import { integrityAlertId } from './ids.ts'

type Finding = Extract<IntegrityAlertEvent, { type: 'IntegrityAlertRaised' }>['data']
export type RaiseAlert = { type: 'RaiseAlert' } & Finding

/** The findings about one log, by their ids, and which of them somebody has seen. */
export interface Alerts {
  found: readonly string[]
  acknowledged: readonly string[]
}

/** One finding is told once, however many replicas come upon it, and however often. */
const decide = (command: RaiseAlert | AcknowledgeAlert, alerts: Alerts): IntegrityAlertEvent[] => {
  if (command.type === 'RaiseAlert') {
    const { type: _, ...finding } = command
    const isKnown = alerts.found.includes(integrityAlertId(finding.log, finding))
    return isKnown ? [] : [{ type: 'IntegrityAlertRaised', data: finding }]
  }
  if (!alerts.found.includes(command.alertId)) throw alertNotFound(command.alertId)
  return alerts.acknowledged.includes(command.alertId) ? [] : [acknowledged(command)]
}

export const alertDecider: Decider<Alerts, RaiseAlert | AcknowledgeAlert, IntegrityAlertEvent> = {
  initial: { found: [], acknowledged: [] },
  decide,
  evolve: (alerts, { type, data }) =>
    type === 'IntegrityAlertRaised'
      ? { ...alerts, found: [...alerts.found, integrityAlertId(data.log, data)] }
      : { ...alerts, acknowledged: [...alerts.acknowledged, data.alertId] },
}
