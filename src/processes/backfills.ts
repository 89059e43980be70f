import { backfills, runs } from '../app/aggregates.ts'
import { type CommandContext, systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import { uuidv5 } from '../app/ids.ts'
import type { ActiveBackfill, BackfillWork } from '../app/ports/backfills.ts'
import type { Follows, Log } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import { requestRun } from '../app/request-run.ts'
import type { BackfillRequested } from '../domain/backfill/events.ts'
import { Rejection } from '../domain/codes.ts'
import { type CommandId, must, type PartitionKey, parseRunId } from '../domain/ids.ts'
import { viewsTimeoutMs } from './rounds.ts'

interface BackfillsDeps {
  work: BackfillWork
  commands: CommandHandler
  log: Log
  /** Whether this replica is the one that asks for runs; two that do ask for the same ones. */
  isLeader(): boolean
  head(): Promise<bigint>
  /** Waits until the views have reached a position; answers whether they have. */
  viewsReach(position: bigint, timeoutMs: number): Promise<boolean>
  nowMs(): number
}

const sweepEveryMs = 2_000
const moving: ReadonlySet<string> = new Set([
  'BackfillStarted',
  'BackfillResumed',
  'BackfillCanceled',
  'RunSucceeded',
  'RunFailed',
  'RunCanceled',
  'RunRejected',
])

/**
 * The process manager of backfills: asks for the runs of each, so many at a time, cancels those of one that is canceled,
 * and says when the last has ended. A run's id is made from its backfill and partition, so whoever asks twice asks once.
 */
export class Backfills implements Follows {
  readonly name = 'backfills'
  private readonly deps: BackfillsDeps
  private interval: NodeJS.Timeout | undefined
  private advancing: Promise<void> | null = null
  private isWanted = false
  private stopped = false

  constructor(deps: BackfillsDeps) {
    this.deps = deps
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  start(): void {
    this.interval = setInterval(() => this.wake(), sweepEveryMs)
    this.wake()
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearInterval(this.interval)
    await this.advancing
  }

  async handle(events: readonly LedgerEvent[], reached: bigint): Promise<void> {
    if (!events.some(({ type }) => moving.has(type))) return
    await this.deps.viewsReach(reached, viewsTimeoutMs)
    this.wake()
  }

  /** One round at a time; what happens meanwhile leads to another. */
  private wake(): void {
    this.isWanted = true
    this.advancing ??= this.advanceAll().finally(() => {
      this.advancing = null
    })
  }

  private async advanceAll(): Promise<void> {
    while (this.isWanted && !this.stopped && this.deps.isLeader()) {
      this.isWanted = false
      for (const backfill of this.deps.work.active()) {
        try {
          await this.deps.viewsReach(await this.advance(backfill), viewsTimeoutMs)
        } catch (error) {
          this.deps.log.warn('a backfill was left to the next sweep', { ...backfill.cause, error: String(error) })
        }
      }
    }
  }

  /** Answers the position at which the views know what was done. */
  private async advance(active: ActiveBackfill): Promise<bigint> {
    const { commands, work, nowMs } = this.deps
    const { tenant, backfillId, cause } = active
    const { state, position } = await commands.load(backfills, tenant, backfillId)
    const { asked, status } = state
    if (!asked) return position
    const { waiting, underWay, outcomes } = work.progress(active, asked.maxConcurrency)
    const context = systemContext(tenant, this.name, nowMs(), cause)
    const isOver = underWay.length === 0 && (status === 'canceling' || (status === 'running' && waiting.length === 0))
    if (isOver) {
      const command = { type: 'CompleteBackfill' as const, backfillId, outcomes }
      return (await commands.handle(backfills, backfillId, command, context)).position
    }
    let reached = position
    const after = (at: bigint) => {
      if (at > reached) reached = at
    }
    if (status === 'canceling') for (const runId of underWay) after(await this.cancel(runId, context))
    if (status === 'running') {
      for (const partition of waiting.slice(0, asked.maxConcurrency - underWay.length)) {
        after(await this.request(asked, partition, context))
      }
    }
    return reached
  }

  private async request(asked: BackfillRequested, partition: PartitionKey, system: CommandContext): Promise<bigint> {
    const { backfillId, pipelineId, pipeline, environment, manifestHash, overrides, parameters } = asked
    const { tenant } = system
    const id = uuidv5('backfill-run', tenant, backfillId, partition)
    const commandId = uuidv5('backfill-command', tenant, backfillId, partition) as CommandId
    const context = {
      ...system,
      commandId,
      actor: asked.requestedBy,
      approvals: asked.approval ? [asked.approval.approvalId] : [],
    }
    const run = { runId: must(parseRunId(id), 'run id'), runIdChosen: true, keyedRunId: null }
    const of = {
      pipelineName: pipeline,
      pipelineId,
      partition,
      batchId: partition,
      parameters,
      environment,
      backfillId,
    }
    try {
      const handled = await requestRun(
        this.deps.commands,
        { ...run, ...of, pinned: { manifestHash, overrides } },
        context,
      )
      return handled.position
    } catch (error) {
      // Somebody else is at the partition: it is tried again when they are through.
      if (error instanceof Rejection && error.code === 'RUN_ACTIVE') return -1n
      throw error
    }
  }

  private async cancel(id: string, context: CommandContext): Promise<bigint> {
    const runId = must(parseRunId(id), 'run id')
    const commandId = uuidv5('backfill-cancel', context.tenant, id) as CommandId
    try {
      const command = { type: 'CancelRun' as const, runId }
      return (await this.deps.commands.handle(runs, runId, command, { ...context, commandId })).position
    } catch (error) {
      // It has ended, or has committed and will.
      if (error instanceof Rejection && ['RUN_NOT_ACTIVE', 'RUN_COMMITTED'].includes(error.code)) return -1n
      throw error
    }
  }
}
