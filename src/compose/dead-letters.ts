import { deadLetterWork } from '../../projections/dead-letter-work.ts'
import type { ReadDb } from '../../projections/projection.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { Log } from '../app/ports/follower.ts'
import type { RejectedRowsReader } from '../app/ports/rejected-rows.ts'
import type { Config } from '../config.ts'
import type { Follower } from '../ledger/follower.ts'
import { deadLetterKeeper } from '../processes/dead-letters/keeper.ts'
import type { DueWorkDeps } from '../processes/due-work.ts'
import type { Stop } from './stop.ts'

interface Parts extends DueWorkDeps {
  commands: CommandHandler
  views: ReadDb
  log: Log
  nowMs(): number
}

const againMs = 5_000

/**
 * Who keeps the dead letters. What has come about while no process was there may be much, where a ledger is older than
 * the queue: nobody waits for it.
 */
export const composeDeadLetters = ({ views, log, ...shared }: Parts, follower: Follower): { start(): Stop } => {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  const work = deadLetterWork(views)
  const keeper = deadLetterKeeper({ ...shared, work: { ...work, due: () => (isStopped ? [] : work.due()) } })
  follower.add(keeper)
  let working: Promise<void> = Promise.resolve()
  const catchUp = (): void => {
    working = keeper.start().catch((error) => {
      if (isStopped) return
      log.warn('dead letters of before were left to another try', { error: String(error) })
      timer = setTimeout(catchUp, againMs)
    })
  }
  return {
    start: () => {
      catchUp()
      return async () => {
        isStopped = true
        clearTimeout(timer)
        await working
      }
    },
  }
}

/** Reads below the tenants' directories; the engine's part in it is loaded when it is first asked for. */
export const composeRejectedRows = ({ tenantsDir }: Pick<Config, 'tenantsDir'>): RejectedRowsReader => ({
  read: async (...asked) => {
    const { rejectedRowsReader } = await import('../engines/local/rejected-rows.ts')
    return rejectedRowsReader(tenantsDir).read(...asked)
  },
})
