import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import type { DeliveryAttempt, DeliveryEvent, DeliveryScheduled } from './events.ts'

export interface Delivery {
  status: 'none' | 'pending' | 'delivered' | 'exhausted'
  scheduled: DeliveryScheduled | null
  attempts: number
  /** Attempts since it was last asked for: what the schedule counts. */
  round: number
}

export type DeliveryCommand =
  | ({ type: 'ScheduleDelivery' } & DeliveryScheduled)
  | ({ type: 'RecordAttempt'; deliveryId: string } & DeliveryAttempt)
  | { type: 'ResendDelivery'; deliveryId: string; at: string }

const decide = (command: DeliveryCommand, delivery: Delivery): DeliveryEvent[] => {
  const { deliveryId } = command
  if (command.type === 'ScheduleDelivery') {
    const { type: _, ...data } = command
    return delivery.status === 'none' ? [{ type: 'DeliveryScheduled', data }] : []
  }
  if (delivery.status === 'none') throw new Rejection('DELIVERY_NOT_FOUND', `delivery '${deliveryId}' not found`)
  if (command.type === 'ResendDelivery') {
    return delivery.status === 'pending' ? [] : [{ type: 'DeliveryResent', data: { deliveryId, dueAt: command.at } }]
  }
  // Another process has made this attempt, or a later one, already.
  if (delivery.status !== 'pending' || command.attempt !== delivery.attempts + 1) return []
  const { type: _, ...data } = command
  const attempted: DeliveryEvent = { type: 'DeliveryAttempted', data }
  if (command.outcome === 'delivered' || command.nextAt !== null) return [attempted]
  const error = command.error ?? `answered ${command.status}`
  return [attempted, { type: 'DeliveryExhausted', data: { deliveryId, attempts: command.attempt, error } }]
}

const evolve = (delivery: Delivery, event: DeliveryEvent): Delivery => {
  switch (event.type) {
    case 'DeliveryScheduled':
      return { status: 'pending', scheduled: event.data, attempts: 0, round: 0 }
    case 'DeliveryAttempted': {
      const { attempt, outcome } = event.data
      const status = outcome === 'delivered' ? 'delivered' : delivery.status
      return { ...delivery, status, attempts: attempt, round: delivery.round + 1 }
    }
    case 'DeliveryExhausted':
      return { ...delivery, status: 'exhausted' }
    case 'DeliveryResent':
      return { ...delivery, status: 'pending', round: 0 }
  }
}

/** One message to one webhook, until it is taken or given up. */
export const deliveryDecider: Decider<Delivery, DeliveryCommand, DeliveryEvent> = {
  initial: { status: 'none', scheduled: null, attempts: 0, round: 0 },
  decide,
  evolve,
}
