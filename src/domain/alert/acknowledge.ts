import { Rejection } from '../codes.ts'
import type { AlertAcknowledged } from './events.ts'

/** `by` are the persons who say it: who calls, and on whose behalf. */
export interface AcknowledgeAlert {
  type: 'AcknowledgeAlert'
  alertId: string
  by: readonly string[]
}

export const acknowledged = ({ alertId }: AcknowledgeAlert): AlertAcknowledged => ({
  type: 'AlertAcknowledged',
  data: { alertId },
})

export const alertNotFound = (alertId: string): Rejection =>
  new Rejection('ALERT_NOT_FOUND', `alert '${alertId}' not found`, { alertId })
