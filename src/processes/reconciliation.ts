import { runs } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { Follows } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import type { DoneReplay, ReplayWork } from '../app/ports/replays.ts'
import { doAllDue, viewsTimeoutMs } from './rounds.ts'

interface ReconciliationDeps {
  work: ReplayWork
  commands: Pick<CommandHandler, 'handle' | 'load'>
  head(): Promise<bigint>
  /** Waits until the views have reached a position; answers whether they have. */
  viewsReach(position: bigint, timeoutMs: number): Promise<boolean>
  nowMs(): number
}

/** Has a replay that succeeded record how its output differs from that of the run that it repeats. */
export class Reconciliation implements Follows {
  readonly name = 'reconciliation'
  private readonly deps: ReconciliationDeps

  constructor(deps: ReconciliationDeps) {
    this.deps = deps
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  /** What succeeded while no process was there to compare it. The views must be current. */
  start(): Promise<void> {
    const { work, viewsReach } = this.deps
    return doAllDue({
      due: () => work.unreconciled(),
      keyOf: ({ tenant, runId }) => JSON.stringify([tenant, runId]),
      act: (replay) => this.reconcile(replay),
      viewsReach,
    })
  }

  async handle(events: readonly LedgerEvent[], reached: bigint): Promise<void> {
    if (!events.some(({ event }) => event?.type === 'RunSucceeded')) return
    if (!(await this.deps.viewsReach(reached, viewsTimeoutMs))) throw new Error('the views are too far behind')
    for (const replay of this.deps.work.unreconciled()) await this.reconcile(replay)
  }

  private async reconcile({ tenant, runId, cause }: DoneReplay): Promise<bigint> {
    const { commands, nowMs } = this.deps
    const { state, position } = await commands.load(runs, tenant, runId)
    const replayOf = state.requested?.replayOf
    if (!replayOf) return position
    const { state: original } = await commands.load(runs, tenant, replayOf.runId)
    const command = { type: 'ReconcileReplay' as const, runId, original: original.completed }
    const handled = await commands.handle(runs, runId, command, systemContext(tenant, this.name, nowMs(), cause))
    return handled.position
  }
}
