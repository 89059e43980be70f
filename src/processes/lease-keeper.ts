import { leases } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import { systemTenant } from '../app/counted-calls.ts'
import type { CommandHandler } from '../app/handle.ts'
import { noLongerThan } from '../app/no-longer-than.ts'
import type { Follows, Log } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import { Rejection } from '../domain/codes.ts'
import type { LeaseCommand } from '../domain/lease/decide.ts'

/** A part of the work that one process at a time does. */
export interface RoleLease {
  /** Whether this process may do it now; never true in two processes whose clocks differ by less than the margin. */
  isHeld(): boolean
  watch(watcher: LeaseWatcher): void
}

export interface LeaseWatcher {
  /** What the former holder wrote is at this position of the ledger or before it. */
  won(position: bigint): void
  lost(): void
}

export interface LeaseKeeperDeps {
  commands: Pick<CommandHandler, 'handle'>
  role: string
  /** One per DATA_DIR, which one process at a time has: its next life goes on at once with what the one before held. */
  owner: string
  leaseMs: number
  log: Log
  head(): Promise<bigint>
  nowMs(): number
  /** Does not jump. */
  monotonicMs(): number
}

/** So much of the lease's time before its end its holder stops believing in it: clocks may differ by that. */
const marginShare = 1 / 5
const pauseMinMs = 20
const retryMs = 1_000
const releaseTimeoutMs = 2_000

/** What this process believes to hold: until a time on both clocks, since either may be the one that tells. */
interface Held {
  untilMs: number
  untilMonotonicMs: number
}

/**
 * Takes a lease of a role as soon as nobody has it, renews it every third of its time and gives it up when it stops. It
 * is quiet: only the holder appends; the others learn of its end by following the ledger.
 */
export class LeaseKeeper implements Follows, RoleLease {
  readonly name = 'lease-keeper'
  private readonly deps: LeaseKeeperDeps
  private readonly watchers: LeaseWatcher[] = []
  private held: Held | null = null
  /** When another's lease ends, as far as is known. */
  private othersUntilMs = 0
  /** Of the last event that says who has the lease. */
  private knownAt = -1n
  private timer: NodeJS.Timeout | undefined
  private expiry: NodeJS.Timeout | undefined
  private turning: Promise<void> | null = null
  private stopped = false

  constructor(deps: LeaseKeeperDeps) {
    this.deps = deps
  }

  isHeld(): boolean {
    if (this.held === null) return false
    const { nowMs, monotonicMs } = this.deps
    if (monotonicMs() < this.held.untilMonotonicMs && nowMs() < this.held.untilMs) return true
    this.lose('it ran out')
    return false
  }

  watch(watcher: LeaseWatcher): void {
    this.watchers.push(watcher)
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  start(): void {
    this.turn()
  }

  /** What was told to be lost is released: another takes over at once. */
  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    this.lose('this process stops')
    const released = (this.turning ?? Promise.resolve()).then(() => this.release())
    await noLongerThan(releaseTimeoutMs, released)
  }

  async handle(events: readonly LedgerEvent[]): Promise<void> {
    for (const { event, metadata, position } of events) {
      if (event?.type !== 'LeaseTaken' || metadata.tenant !== systemTenant) continue
      const { role, owner, until } = event.data
      if (role !== this.deps.role || owner === this.deps.owner || position <= this.knownAt) continue
      this.knownAt = position
      this.othersUntilMs = Date.parse(until)
      this.lose('another has taken it')
      if (this.turning === null) this.plan(this.pauseMs(false))
    }
  }

  /** One attempt to take or renew it. Never throws. */
  async renew(): Promise<void> {
    // What ran out unseen, because the process was stopped for a while, is lost before it is won again.
    this.isHeld()
    const { role, owner, leaseMs, nowMs, monotonicMs } = this.deps
    const [atMs, startedMs] = [nowMs(), monotonicMs()]
    const until = new Date(atMs + leaseMs).toISOString()
    try {
      const position = await this.say({ type: 'TakeLease', role, owner, at: new Date(atMs).toISOString(), until }, atMs)
      const forMs = leaseMs * (1 - marginShare)
      this.win({ untilMs: atMs + forMs, untilMonotonicMs: startedMs + forMs }, position)
    } catch (error) {
      this.refused(error)
    }
  }

  private turn(): void {
    clearTimeout(this.timer)
    if (this.stopped || this.turning !== null) return
    this.turning = this.renew().finally(() => {
      this.turning = null
      this.plan(this.pauseMs(true))
    })
  }

  private plan(delayMs: number): void {
    clearTimeout(this.timer)
    if (!this.stopped) this.timer = setTimeout(() => this.turn(), delayMs)
  }

  /** Until the next turn: when the other's time is over, if that comes first. */
  private pauseMs(hasTried: boolean): number {
    const renewMs = this.deps.leaseMs / 3
    if (this.held !== null) return renewMs
    const othersMs = this.othersUntilMs - this.deps.nowMs()
    if (othersMs > 0) return Math.min(renewMs, Math.max(pauseMinMs, othersMs))
    return hasTried ? Math.min(renewMs, retryMs) : 0
  }

  private win(held: Held, position: bigint): void {
    if (this.stopped || position < this.knownAt) return
    this.knownAt = position
    const { nowMs, monotonicMs, role, log } = this.deps
    const forMs = Math.min(held.untilMonotonicMs - monotonicMs(), held.untilMs - nowMs())
    if (forMs <= 0) {
      this.lose('the ledger took too long')
      return
    }
    const isNew = !this.isHeld()
    this.held = held
    clearTimeout(this.expiry)
    this.expiry = setTimeout(() => this.isHeld(), forMs)
    if (!isNew) return
    log.info('a role was taken', { role })
    for (const watcher of this.watchers) watcher.won(position)
  }

  private lose(reason: string): void {
    clearTimeout(this.expiry)
    if (this.held === null) return
    this.held = null
    this.deps.log.info('a role was given up', { role: this.deps.role, reason })
    for (const watcher of this.watchers) watcher.lost()
  }

  private refused(error: unknown): void {
    const until = error instanceof Rejection && error.code === 'LEASE_HELD' ? error.details.until : undefined
    if (typeof until === 'string') this.othersUntilMs = Date.parse(until)
    this.lose(error instanceof Error ? error.message : String(error))
    if (!(error instanceof Rejection)) {
      this.deps.log.error('a lease could not be taken', { role: this.deps.role, error: String(error) })
    }
  }

  private async release(): Promise<void> {
    const { role, owner, nowMs } = this.deps
    const atMs = nowMs()
    try {
      await this.say({ type: 'ReleaseLease', role, owner, at: new Date(atMs).toISOString() }, atMs)
    } catch (error) {
      this.deps.log.warn('a lease was not released; it runs out', { role, error: String(error) })
    }
  }

  private async say(command: LeaseCommand, atMs: number): Promise<bigint> {
    const context = systemContext(systemTenant, 'lease-keeper', atMs)
    return (await this.deps.commands.handle(leases, this.deps.role, command, context)).position
  }
}

/** The lease of a process that shares its ledger with no other. */
export class SoleLease implements RoleLease {
  isHeld(): boolean {
    return true
  }

  watch(): void {
    // Nothing is ever won or lost.
  }
}
