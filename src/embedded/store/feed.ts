import type { CommittedEvent } from './transaction.ts'

const tailEventsMax = 2048
const tailBytesMax = 4 * 1024 * 1024

/**
 * Tells subscribers of commits and holds the newest events, so that those who keep up need no read each. A subscriber
 * is only a cursor: nothing is queued for it here, however slow it is.
 */
export class Feed {
  #tail: CommittedEvent[] = []
  #tailBytes = 0
  /** Every event above this position is in the tail. */
  #floor: number
  #position: number
  readonly #waiting = new Set<() => void>()
  readonly #waitingForStream = new Map<string, Set<() => void>>()

  constructor(position: number) {
    this.#floor = position
    this.#position = position
  }

  /** The position of the newest committed event. */
  get position(): number {
    return this.#position
  }

  publish(events: readonly CommittedEvent[]): void {
    for (const event of events) {
      this.#tail.push(event)
      this.#tailBytes += event.record.length
      this.#position = event.position
    }
    this.#trim()
    wake(this.#waiting)
    if (this.#waitingForStream.size === 0) return
    for (const stream of new Set(events.map((event) => event.streamName))) {
      const waiting = this.#waitingForStream.get(stream)
      if (waiting !== undefined) wake(waiting)
    }
  }

  /** The events after a position, or undefined when the tail does not reach back that far. */
  after(position: number): readonly CommittedEvent[] | undefined {
    if (position < this.#floor) return undefined
    let low = 0
    let high = this.#tail.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#tail[middle]?.position ?? Infinity) <= position) low = middle + 1
      else high = middle
    }
    return this.#tail.slice(low)
  }

  /** Calls `wake` once, at the next commit; the answer cancels that. */
  onCommit(wakeUp: () => void): () => void {
    this.#waiting.add(wakeUp)
    return () => this.#waiting.delete(wakeUp)
  }

  /** Calls `wake` once, at the next commit to a stream; the answer cancels that. */
  onStreamCommit(stream: string, wakeUp: () => void): () => void {
    const waiting = this.#waitingForStream.get(stream) ?? new Set()
    this.#waitingForStream.set(stream, waiting.add(wakeUp))
    return () => {
      waiting.delete(wakeUp)
      if (waiting.size === 0) this.#waitingForStream.delete(stream)
    }
  }

  #trim(): void {
    if (this.#tail.length <= tailEventsMax && this.#tailBytes <= tailBytesMax) return
    // Down to half, so that the array is not shifted at every commit.
    let cut = 0
    while (this.#tail.length - cut > tailEventsMax / 2 || this.#tailBytes > tailBytesMax / 2) {
      const dropped = this.#tail[cut]
      if (dropped === undefined) break
      this.#tailBytes -= dropped.record.length
      this.#floor = dropped.position
      cut++
    }
    this.#tail = this.#tail.slice(cut)
  }
}

const wake = (waiting: Set<() => void>): void => {
  const all = [...waiting]
  waiting.clear()
  for (const wakeUp of all) wakeUp()
}
