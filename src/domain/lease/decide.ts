import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'

export interface Lease {
  owner: string | null
  epoch: number
  /** ISO time; the lease is anybody's from then on. */
  until: string
}

/**
 * The last event alone decides; `epoch` grows with each change of owner. `role` names what is leased. An owner that gives
 * it up takes it until now.
 */
export type LeaseEvent = { type: 'LeaseTaken'; data: { role: string; owner: string; epoch: number; until: string } }

interface TakeLease {
  type: 'TakeLease'
  role: string
  owner: string
  at: string
  until: string
}

interface ReleaseLease {
  type: 'ReleaseLease'
  role: string
  owner: string
  at: string
}

export type LeaseCommand = TakeLease | ReleaseLease

const decide = (command: LeaseCommand, lease: Lease): LeaseEvent[] => {
  const { role, owner, at } = command
  const taken = (epoch: number, until: string): LeaseEvent[] => [
    { type: 'LeaseTaken', data: { role, owner, epoch, until } },
  ]
  if (command.type === 'ReleaseLease') {
    return lease.owner === owner && lease.until > at ? taken(lease.epoch, at) : []
  }
  if (lease.owner !== null && lease.owner !== owner && lease.until > at) {
    throw new Rejection('LEASE_HELD', `${role} is held by another until ${lease.until}`, { until: lease.until })
  }
  return taken(lease.owner === owner ? lease.epoch : lease.epoch + 1, command.until)
}

export const leaseDecider: Decider<Lease, LeaseCommand, LeaseEvent> = {
  initial: { owner: null, epoch: 0, until: '' },
  decide,
  evolve: (_, { data }) => ({ owner: data.owner, epoch: data.epoch, until: data.until }),
}
