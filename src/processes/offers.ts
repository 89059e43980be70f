import { atATime } from '../app/at-a-time.ts'
import type { Bus, Job } from '../app/ports/bus.ts'

const atOnceMax = 32

/**
 * Puts jobs on the bus that it may have already. What was offered is not offered again for a while: a long queue of work
 * would otherwise be gone through at every look.
 */
export class Offers {
  private readonly bus: Pick<Bus, 'publish'>
  private readonly againMs: number
  private readonly offeredAtMs = new Map<string, number>()

  constructor(bus: Pick<Bus, 'publish'>, againMs: number) {
    this.bus = bus
    this.againMs = againMs
  }

  /** The bus has lost what it had: all is to be offered again. */
  forget(): void {
    this.offeredAtMs.clear()
  }

  /** Resolves when the bus has all of them; `failed` is told of those that it did not take. */
  async offer(jobs: readonly Job[], nowMs: number, failed: (job: Job, error: unknown) => void): Promise<void> {
    for (const [key, atMs] of this.offeredAtMs) if (atMs + this.againMs <= nowMs) this.offeredAtMs.delete(key)
    const waiting = jobs.filter((job) => !this.offeredAtMs.has(keyOf(job)))
    await atATime(waiting, atOnceMax, async (job) => {
      try {
        await this.bus.publish(job)
        this.offeredAtMs.set(keyOf(job), nowMs)
      } catch (error) {
        failed(job, error)
      }
    })
  }
}

const keyOf = ({ tenant, id }: Job): string => `${tenant}/${id}`
