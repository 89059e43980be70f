import { runs } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { DriftWork, FoundDrift } from '../app/ports/drift.ts'
import type { Follows } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import { doAllDue, viewsTimeoutMs } from './rounds.ts'

interface DriftDeps {
  work: DriftWork
  commands: Pick<CommandHandler, 'handle'>
  head(): Promise<bigint>
  /** Waits until the views have reached a position; answers whether they have. */
  viewsReach(position: bigint, timeoutMs: number): Promise<boolean>
  nowMs(): number
}

/**
 * Has a run that succeeded record how its sinks differ from those of the last run before it. What is compared follows
 * from the order of the ledger alone, so every replica finds the same, and the run records it once.
 */
export class DriftWatch implements Follows {
  readonly name = 'drift-watch'
  private readonly deps: DriftDeps

  constructor(deps: DriftDeps) {
    this.deps = deps
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  /** What succeeded while no process was there to compare it. The views must be current. */
  start(): Promise<void> {
    const { work, viewsReach } = this.deps
    return doAllDue({
      due: () => work.unrecorded(),
      keyOf: ({ tenant, runId, sink }) => JSON.stringify([tenant, runId, sink]),
      act: (found) => this.record(found),
      viewsReach,
    })
  }

  async handle(events: readonly LedgerEvent[], reached: bigint): Promise<void> {
    const succeeded = events.flatMap(({ event, metadata }) =>
      event?.type === 'RunSucceeded' ? [{ tenant: metadata.tenant, runId: event.data.runId }] : [],
    )
    if (succeeded.length === 0) return
    if (!(await this.deps.viewsReach(reached, viewsTimeoutMs))) throw new Error('the views are too far behind')
    for (const { tenant, runId } of succeeded) {
      for (const found of this.deps.work.ofRun(tenant, runId)) await this.record(found)
    }
  }

  private async record({ tenant, cause, ...drift }: FoundDrift): Promise<bigint> {
    const { commands, nowMs } = this.deps
    const context = systemContext(tenant, this.name, nowMs(), cause)
    const { position } = await commands.handle(runs, drift.runId, { type: 'RecordDrift', ...drift }, context)
    return position
  }
}
