import { CommandHandler } from '../../src/app/handle.ts'
import { LeaseKeeper, type LeaseKeeperDeps } from '../../src/processes/lease-keeper.ts'
import type { InMemoryLedger } from './in-memory-ledger.ts'
import { SilentLog } from './log.ts'

export const leaseMs = 10_000

/** Clocks that go by hand. */
export class Clocks {
  wallMs = Date.parse('2026-01-02T03:04:05.000Z')
  monotonicMs = 1_000

  pass(ms: number): void {
    this.wallMs += ms
    this.monotonicMs += ms
  }
}

/** A keeper of the role `webhooks` in a process of its own, and what it told its watcher. */
export const keeperOf = (ledger: InMemoryLedger, owner: string, over: Partial<LeaseKeeperDeps> = {}) => {
  const log = new SilentLog()
  const keeper = new LeaseKeeper({
    commands: new CommandHandler(ledger),
    role: 'webhooks',
    owner,
    leaseMs,
    log,
    head: () => ledger.head(),
    nowMs: Date.now,
    monotonicMs: () => performance.now(),
    ...over,
  })
  const told: string[] = []
  keeper.watch({ won: () => void told.push('won'), lost: () => void told.push('lost') })
  return { keeper, told, log }
}

export const byHand = (clocks: Clocks, skewMs = 0): Pick<LeaseKeeperDeps, 'nowMs' | 'monotonicMs'> => ({
  nowMs: () => clocks.wallMs + skewMs,
  monotonicMs: () => clocks.monotonicMs,
})
