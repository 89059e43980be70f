import { backfillWork } from '../../projections/backfill-queries.ts'
import type { ReadDb } from '../../projections/projection.ts'
import { replayWork } from '../../projections/replay-work.ts'
import type { ViewFollower } from '../../projections/views.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Policies } from '../auth/policy.ts'
import type { Config } from '../config.ts'
import type { Follower } from '../ledger/follower.ts'
import { Backfills } from '../processes/backfills.ts'
import { FreshPipelines } from '../processes/fresh-pipelines.ts'
import type { RoleLease } from '../processes/lease-keeper.ts'
import { reconciliation } from '../processes/reconciliation.ts'
import { composeAlerts } from './alerts.ts'
import { composeApprovals } from './approvals.ts'
import { composeDeadLetters, composeRejectedRows } from './dead-letters.ts'
import type { Stop } from './stop.ts'

interface Parts {
  commands: CommandHandler
  views: ReadDb
  viewFollower: ViewFollower
  policies: Pick<Policies, 'decide'>
  log: Log
  lease: RoleLease
  head(): Promise<bigint>
}

/** Approvals, backfills, alerts, and what replays come to. They follow the ledger; `start` is for when the views are current. */
export const composeGovernance = async (config: Config, parts: Parts, follower: Follower) => {
  const { commands, views, viewFollower, log, lease, head } = parts
  const approvals = await composeApprovals(config, parts, follower)
  const viewsReach = (position: bigint, timeoutMs: number) => viewFollower.reach(position, timeoutMs)
  const shared = { commands, log, head, viewsReach, nowMs: Date.now }
  const replays = reconciliation({ ...shared, work: replayWork(views) })
  const backfills = new Backfills({ ...shared, work: backfillWork(views), isLeader: () => lease.isHeld() })
  follower.add(new FreshPipelines(commands, head))
  follower.add(replays)
  follower.add(backfills)
  const alerts = composeAlerts({ commands, views, log, head, viewsReach, isLeader: () => lease.isHeld() }, follower)
  const deadLetters = composeDeadLetters({ ...shared, views }, follower)
  const start = async (): Promise<Stop> => {
    const stopApprovals = await approvals.start()
    await replays.start()
    const stopDeadLetters = deadLetters.start()
    backfills.start()
    const stopAlerts = await alerts.start()
    return async () => {
      await stopDeadLetters()
      await stopApprovals()
      await backfills.stop()
      await stopAlerts()
    }
  }
  return { services: { approvals: approvals.policy, rejectedRows: composeRejectedRows(config) }, start }
}
