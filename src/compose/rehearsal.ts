import type { Log } from '../app/ports/follower.ts'
import type { LogHead } from '../evidence/log/reader.ts'
import { rehearsalLeaves } from '../evidence/log/rehearse.ts'
import type { Stop } from './stop.ts'

const lookEveryMs = 2_000

interface Parts {
  trees: { heads(): LogHead[] }
  /** The first bundle would take twice as long without it. */
  rehearse(head: LogHead): void
  log: Pick<Log, 'warn'>
}

/** Has bundles rehearsed once, as soon as some log is so large that they take long. Answers how to stop looking. */
export const rehearseWhenLarge = ({ trees, rehearse, log }: Parts): Stop => {
  let isSaid = false
  const timer = setInterval(() => {
    try {
      const large = trees.heads().find(({ size }) => size >= rehearsalLeaves)
      if (!large) return
      clearInterval(timer)
      rehearse(large)
    } catch (error) {
      if (!isSaid) log.warn('the trees of evidence cannot be read', { error: String(error) })
      isSaid = true
    }
  }, lookEveryMs)
  return () => clearInterval(timer)
}
