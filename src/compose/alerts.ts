import { breakGlassWork, sloWork } from '../../projections/alert-work.ts'
import type { ReadDb } from '../../projections/projection.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Follower } from '../ledger/follower.ts'
import { breakGlassWatch } from '../processes/break-glass.ts'
import { SloAlerts } from '../processes/slo-alerts.ts'
import type { Stop } from './stop.ts'

interface Parts {
  commands: CommandHandler
  views: ReadDb
  log: Log
  isLeader(): boolean
  head(): Promise<bigint>
  viewsReach(position: bigint, timeoutMs: number): Promise<boolean>
}

/** Who raises alerts. They follow the ledger; `start` is for when the views are current. */
export const composeAlerts = ({ views, ...parts }: Parts, follower: Follower) => {
  const shared = { ...parts, nowMs: Date.now }
  const overrides = breakGlassWatch({ ...shared, work: breakGlassWork(views) })
  const objectives = new SloAlerts({ ...shared, work: sloWork(views) })
  follower.add(overrides)
  follower.add(objectives)
  const start = async (): Promise<Stop> => {
    await overrides.start()
    objectives.start()
    return () => objectives.stop()
  }
  return { start }
}
