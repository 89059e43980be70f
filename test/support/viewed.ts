import { onTestFinished } from 'vitest'
import { allViews } from '../../projections/index.ts'
import { ViewFollower } from '../../projections/views.ts'
import type { Follows } from '../../src/app/ports/follower.ts'
import type { InMemoryLedger } from './in-memory-ledger.ts'
import { Pump } from './pump.ts'
import { openViews } from './views.ts'

/** The views of a ledger, kept up with it; others may follow it too. */
export const viewed = (ledger: InMemoryLedger, ...others: Follows[]) => {
  const { runner, reader } = openViews(allViews)
  const follower = new ViewFollower(runner)
  const pump = new Pump(ledger, follower, ...others)
  onTestFinished(() => pump.stop())
  return { views: reader, follower, pump }
}
