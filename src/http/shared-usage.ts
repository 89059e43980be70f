import type { Bus, Usage } from '../app/ports/bus.ts'

export type UsageBus = Pick<Bus, 'sendUsage' | 'onUsage'>

/** So much later the other processes know of a call. */
export const usageToldWithinMs = 250
/** More callers than these within that time are told at once. */
const callersMax = 10_000

/** Gathers what this process has let through, tells the others of it, and hears of theirs. Silent while nobody calls. */
export class SharedUsage {
  private readonly bus: UsageBus
  private readonly counted = new Map<string, Usage>()
  private readonly stopListening: () => void
  private timer: NodeJS.Timeout | undefined

  constructor(bus: UsageBus, add: (usage: Usage) => void) {
    this.bus = bus
    this.stopListening = bus.onUsage((usage) => usage.forEach(add))
  }

  count(bucket: string, key: string): void {
    const name = `${bucket} ${key}`
    const known = this.counted.get(name)
    if (known) known.points += 1
    else this.counted.set(name, { bucket, key, points: 1 })
    if (this.counted.size >= callersMax) this.tell()
    else this.timer ??= setTimeout(() => this.tell(), usageToldWithinMs)
  }

  stop(): void {
    this.stopListening()
    this.tell()
  }

  private tell(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    if (this.counted.size === 0) return
    this.bus.sendUsage([...this.counted.values()])
    this.counted.clear()
  }
}
