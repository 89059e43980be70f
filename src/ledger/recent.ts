import type { LedgerEvent } from '../app/ports/ledger.ts'

/** The newest events of the ledger, without a gap from `floor` (exclusive) on. The oldest leave beyond `eventsMax`. */
export class RecentEvents {
  private events: LedgerEvent[] = []
  private waiting: (() => void)[] = []
  private readonly eventsMax: number
  floor: bigint
  last: bigint

  constructor(floor: bigint, eventsMax: number) {
    this.floor = floor
    this.last = floor
    this.eventsMax = eventsMax
  }

  get oldest(): LedgerEvent | undefined {
    return this.events[0]
  }

  push(event: LedgerEvent): void {
    this.events.push(event)
    this.last = event.position
    // Dropping a quarter at a time keeps the cost of moving the array small.
    if (this.events.length > this.eventsMax) {
      const dropped = this.events.splice(0, Math.ceil(this.eventsMax / 4))
      this.floor = dropped.at(-1)?.position ?? this.floor
    }
    this.wake()
  }

  /** At most `countMax` events after a position; undefined when some of them have left already. */
  after(position: bigint, countMax: number): readonly LedgerEvent[] | undefined {
    if (position < this.floor) return undefined
    let low = 0
    let high = this.events.length
    while (low < high) {
      const middle = (low + high) >> 1
      const event = this.events[middle]
      if (event && event.position > position) high = middle
      else low = middle + 1
    }
    return this.events.slice(low, low + countMax)
  }

  /** Resolves at the next push or wake. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  wake(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const resolve of waiting) resolve()
  }
}
