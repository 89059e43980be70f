import type { CommandHandler } from '../app/handle.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Config } from '../config.ts'
import type { Follower } from '../ledger/follower.ts'
import { LeaseKeeper, type RoleLease, SoleLease } from '../processes/lease-keeper.ts'
import type { Stop } from './stop.ts'

interface Parts {
  commands: CommandHandler
  log: Log
  /** The name of the data directory. */
  instance: string
  head(): Promise<bigint>
}

/** One lease for all that one replica at a time does: sending webhooks, relaying events, sealing. */
const role = 'leader'

/** Nobody shares an embedded ledger: there its process always leads, and nothing needs to be renewed. */
export const composeLease = (
  { eventstoreUrl, roleLeaseMs }: Config,
  parts: Parts,
  follower: Follower,
): { lease: RoleLease; start(): Stop } => {
  if (eventstoreUrl === null) return { lease: new SoleLease(), start: () => () => undefined }
  const { instance, ...shared } = parts
  const monotonicMs = () => performance.now()
  const keeper = new LeaseKeeper({
    ...shared,
    role,
    owner: instance,
    leaseMs: roleLeaseMs,
    nowMs: Date.now,
    monotonicMs,
  })
  follower.add(keeper)
  return {
    lease: keeper,
    start: () => {
      keeper.start()
      return () => keeper.stop()
    },
  }
}
