import type { Follows } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import type { EventType } from '../domain/events.ts'
import { doAllDue, type Rounds, viewsTimeoutMs } from './rounds.ts'

export interface DueTask<Due> extends Pick<Rounds<Due>, 'due' | 'keyOf' | 'act'> {
  readonly name: string
  /** Events after which more may be due. */
  readonly wokenBy: readonly EventType[]
  /** What has become due by these events; missing where `due` is as cheap. */
  dueAfter?(events: readonly LedgerEvent[]): readonly Due[]
}

export interface DueWorkDeps {
  head(): Promise<bigint>
  /** Waits until the views have reached a position; answers whether they have. */
  viewsReach(position: bigint, timeoutMs: number): Promise<boolean>
}

/**
 * Does what the views know to be due, when something has happened that may have made it so. What follows from the order
 * of the ledger alone every replica finds the same, and the ledger takes it once.
 */
export class DueWork<Due> implements Follows {
  readonly name: string
  private readonly task: DueTask<Due>
  private readonly deps: DueWorkDeps

  constructor(task: DueTask<Due>, deps: DueWorkDeps) {
    this.name = task.name
    this.task = task
    this.deps = deps
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  /** What has become due while no process was there to do it. The views must be current. */
  start(): Promise<void> {
    return doAllDue({ ...this.rounds(), viewsReach: this.deps.viewsReach })
  }

  async handle(events: readonly LedgerEvent[], reached: bigint): Promise<void> {
    const waking = events.filter(({ event }) => event && this.task.wokenBy.includes(event.type))
    if (waking.length === 0) return
    if (!(await this.deps.viewsReach(reached, viewsTimeoutMs))) throw new Error('the views are too far behind')
    const due = this.task.dueAfter?.(waking) ?? this.task.due()
    for (const each of due) await this.task.act(each)
  }

  private rounds() {
    const { task } = this
    return { due: () => task.due(), keyOf: (due: Due) => task.keyOf(due), act: (due: Due) => task.act(due) }
  }
}
