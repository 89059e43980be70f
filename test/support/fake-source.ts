import { metadataFactory } from '../../src/app/context.ts'
import type { Follows } from '../../src/app/ports/follower.ts'
import { LedgerUnavailable } from '../../src/app/ports/ledger.ts'
import type { RawEvent } from '../../src/ledger/codec.ts'
import type { FollowSource } from '../../src/ledger/follower.ts'
import { contextOf } from './contexts.ts'
import { atTime, runId } from './run-events.ts'

const metadata = metadataFactory({ type: 'Test' }, contextOf())(0)

/** The event at a position, as a ledger hands it out. */
const rawAt = (position: bigint, over: Partial<RawEvent> = {}): RawEvent => ({
  id: `00000000-0000-4000-8000-${position.toString(16).padStart(12, '0')}`,
  streamId: 'run-acme.r1',
  revision: position / 10n,
  type: 'RunPaused',
  created: new Date(atTime(0)),
  data: { runId },
  metadata,
  position: { commit: position },
  ...over,
})

/** A ledger to be followed: it grows when told so, and its connections break when told so. */
export class FakeSource implements FollowSource {
  readonly events: RawEvent[] = []
  /** Of each reading of the past, the position it began after. */
  readonly pasts: bigint[] = []
  readonly follows: bigint[] = []
  /** How many events the next readings of the past give before they break off. */
  pastBreaks: number[] = []
  private waiting: (() => void)[] = []
  private breaks = 0

  /** Adds events ten positions apart. */
  grow(count: number, over: Partial<RawEvent> = {}): void {
    for (let added = 0; added < count; added += 1) {
      this.events.push(rawAt(BigInt(this.events.length + 1) * 10n, over))
    }
    this.wake()
  }

  /** Breaks every subscription off. */
  breakOff(): void {
    this.breaks += 1
    this.wake()
  }

  async head(): Promise<bigint> {
    return this.events.at(-1)?.position?.commit ?? -1n
  }

  async *past(after: bigint, until: bigint): AsyncGenerator<RawEvent> {
    this.pasts.push(after)
    const breakAfter = this.pastBreaks.shift() ?? Number.POSITIVE_INFINITY
    const found = this.after(after).filter(({ position }) => (position?.commit ?? 0n) <= until)
    for (const event of found.slice(0, breakAfter)) yield event
    if (found.length > breakAfter) throw new LedgerUnavailable('reading broke off')
  }

  async *follow(after: bigint, signal: AbortSignal): AsyncGenerator<RawEvent> {
    this.follows.push(after)
    signal.addEventListener('abort', () => this.wake(), { once: true })
    const { breaks } = this
    let reached = after
    while (!signal.aborted) {
      for (const event of this.after(reached)) {
        if (this.breaks > breaks) break
        reached = event.position?.commit ?? reached
        yield event
      }
      if (this.breaks > breaks) throw new LedgerUnavailable('the connection was lost')
      if (this.after(reached).length === 0) await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
  }

  private after(position: bigint): RawEvent[] {
    return this.events.slice(Math.max(0, Number(position / 10n)))
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve()
  }
}

/** A follower that remembers what it has handled for good. */
export class Recorder implements Follows {
  readonly name: string
  readonly seen: bigint[] = []
  /** Of every call, whether it came to a good end or not: its events and what they reach. */
  readonly calls: { positions: bigint[]; reached: bigint }[] = []
  /** What the next calls do before they take what they were given. */
  before: (() => Promise<void> | void)[] = []
  private readonly from: bigint

  constructor(name: string, from = -1n) {
    this.name = name
    this.from = from
  }

  async position(): Promise<bigint> {
    return this.from
  }

  async handle(...[events, reached]: Parameters<Follows['handle']>): Promise<void> {
    const positions = events.map(({ position }) => position)
    this.calls.push({ positions, reached })
    await this.before.shift()?.()
    this.seen.push(...positions)
  }
}
