import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import type { Severity } from '../slo/alarm.ts'
import { type AcknowledgeAlert, acknowledged, alertNotFound } from './acknowledge.ts'
import type { SloAlert, SloAlertEvent } from './events.ts'
import { sloAlertId, sloStreamId } from './ids.ts'

/** One objective of a pipeline in an environment. */
export interface SloAlerts {
  /** How often it was alarming. */
  raised: number
  open: { alertId: string; severity: Severity; isAcknowledged: boolean } | null
}

type Resolved = Extract<SloAlertEvent, { type: 'SloAlertResolved' }>['data']

export type SloAlertCommand =
  /** `number` counts the times that it was alarming, this one too, as far as is known to who asks. */
  | { type: 'RaiseSloAlert'; number: number; alert: Omit<SloAlert, 'alertId'> }
  | { type: 'EscalateSloAlert'; alert: SloAlert }
  | { type: 'ResolveSloAlert'; resolved: Resolved }
  | AcknowledgeAlert

/** Whoever has measured an earlier state than the one that is there changes nothing. */
const decide = (command: SloAlertCommand, { raised, open }: SloAlerts): SloAlertEvent[] => {
  switch (command.type) {
    case 'RaiseSloAlert': {
      const { number, alert } = command
      if (open || number !== raised + 1) return []
      const alertId = sloAlertId(sloStreamId(alert.pipelineId, alert.environment, alert.objective), number)
      return [{ type: 'SloAlertRaised', data: { alertId, ...alert } }]
    }
    case 'EscalateSloAlert':
      if (open?.alertId !== command.alert.alertId || open.severity === command.alert.severity) return []
      return [{ type: 'SloAlertEscalated', data: command.alert }]
    case 'ResolveSloAlert':
      if (open?.alertId !== command.resolved.alertId) return []
      return [{ type: 'SloAlertResolved', data: command.resolved }]
    case 'AcknowledgeAlert':
      return acknowledge(command, { raised, open })
  }
}

const acknowledge = (command: AcknowledgeAlert, { raised, open }: SloAlerts): SloAlertEvent[] => {
  const { alertId } = command
  if (open?.alertId === alertId) return open.isAcknowledged ? [] : [acknowledged(command)]
  if (Number(alertId.slice(alertId.lastIndexOf('-') + 1)) > raised) throw alertNotFound(alertId)
  throw new Rejection('ALERT_RESOLVED', `alert '${alertId}' is resolved already`, { alertId })
}

const evolve = (alerts: SloAlerts, { type, data }: SloAlertEvent): SloAlerts => {
  switch (type) {
    case 'SloAlertRaised':
      return {
        raised: alerts.raised + 1,
        open: { alertId: data.alertId, severity: data.severity, isAcknowledged: false },
      }
    case 'SloAlertEscalated':
      return { ...alerts, open: alerts.open && { ...alerts.open, severity: data.severity } }
    case 'SloAlertResolved':
      return { ...alerts, open: null }
    case 'AlertAcknowledged':
      return { ...alerts, open: alerts.open && { ...alerts.open, isAcknowledged: true } }
  }
}

export const sloAlertDecider: Decider<SloAlerts, SloAlertCommand, SloAlertEvent> = {
  initial: { raised: 0, open: null },
  decide,
  evolve,
}
