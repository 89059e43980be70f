import { jobOf } from '../app/jobs.ts'
import type { Bus } from '../app/ports/bus.ts'
import type { Follows } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'

/**
 * Passes on to the bus what has become due. It starts at the ledger's head: what was due before is found by the
 * reconciler from the views, never from positions.
 */
export class Relay implements Follows {
  readonly name = 'relay'
  private readonly bus: Bus
  private readonly head: () => Promise<bigint>

  constructor(bus: Bus, head: () => Promise<bigint>) {
    this.bus = bus
    this.head = head
  }

  position(): Promise<bigint> {
    return this.head()
  }

  async handle(events: readonly LedgerEvent[]): Promise<void> {
    for (const { id, event, metadata } of events) {
      const { tenant, correlationId } = metadata
      const cause = { correlationId, causationId: id }
      switch (event?.type) {
        case 'RunQueued':
          await this.bus.publish(jobOf(tenant, event.data, cause))
          break
        case 'RunCancelRequested':
          this.bus.sendControl({ kind: 'cancel', tenant, runId: event.data.runId })
          // What no worker holds has still to be cleaned up; what none has begun has been canceled at once.
          if (!event.data.held && event.data.attempt > 1) await this.bus.publish(jobOf(tenant, event.data, cause))
          break
        case 'RunPaused':
          this.bus.sendControl({ kind: 'pause', tenant, runId: event.data.runId })
          break
        case 'RunResumed':
          this.bus.sendControl({ kind: 'resume', tenant, runId: event.data.runId })
          break
      }
    }
  }
}
