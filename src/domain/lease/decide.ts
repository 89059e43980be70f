import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'

export interface Lease {
  owner: string | null
  epoch: number
  /** ISO time; the lease is anybody's from then on. */
  until: string
}

/** The last event alone decides; `epoch` grows with each change of owner. `role` names what is leased. */
export type LeaseEvent = { type: 'LeaseTaken'; data: { role: string; owner: string; epoch: number; until: string } }

export interface TakeLease {
  type: 'TakeLease'
  role: string
  owner: string
  at: string
  until: string
}

export const leaseDecider: Decider<Lease, TakeLease, LeaseEvent> = {
  initial: { owner: null, epoch: 0, until: '' },

  decide({ role, owner, at, until }, lease) {
    if (lease.owner !== null && lease.owner !== owner && lease.until > at) {
      throw new Rejection('LEASE_HELD', `${role} is held by another until ${lease.until}`)
    }
    const epoch = lease.owner === owner ? lease.epoch : lease.epoch + 1
    return [{ type: 'LeaseTaken', data: { role, owner, epoch, until } }]
  },

  evolve: (_, { data }) => ({ owner: data.owner, epoch: data.epoch, until: data.until }),
}
