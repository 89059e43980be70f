import { approvals, runs } from '../app/aggregates.ts'
import { type CommandContext, systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import { uuidv5 } from '../app/ids.ts'
import type { ApprovalWork, AwaitingRun, DueApproval, MayStill } from '../app/ports/approvals.ts'
import type { Follows, Log } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import { approvedCommand } from '../app/request-run.ts'
import type { Approval } from '../domain/approval/decide.ts'
import type { ApprovalRequested } from '../domain/approval/events.ts'
import { type CommandId, must, parseRunId, type RunId } from '../domain/ids.ts'
import { firstEnvironment } from '../domain/pipeline/environments.ts'
import type { RunCommand } from '../domain/run/commands.ts'

export interface ApprovalsDeps {
  work: ApprovalWork
  commands: Pick<CommandHandler, 'handle' | 'load'>
  mayStill: MayStill
  log: Log
  head(): Promise<bigint>
  nowMs(): number
}

const sweepEveryMs = 5_000

/**
 * The process manager of approvals: opens the approval that a run asks for, and once it is decided carries out what it
 * is for, or has it refused. It reacts to events at once, and sweeps for what ran out of time and what a crash has left.
 * Every step may be taken twice, by any replica.
 */
export class Approvals implements Follows {
  readonly name = 'approvals'
  private readonly deps: ApprovalsDeps
  private interval: NodeJS.Timeout | undefined
  private sweeping: Promise<void> = Promise.resolve()

  constructor(deps: ApprovalsDeps) {
    this.deps = deps
  }

  position(): Promise<bigint> {
    return this.deps.head()
  }

  /** The views must be current. */
  async start(): Promise<void> {
    await this.sweep()
    this.interval = setInterval(() => void this.sweep(), sweepEveryMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.interval)
    await this.sweeping
  }

  async handle(events: readonly LedgerEvent[]): Promise<void> {
    for (const { id, event, metadata } of events) {
      const cause = { correlationId: metadata.correlationId, causationId: id }
      const { tenant } = metadata
      switch (event?.type) {
        case 'RunRequested': {
          const { approval, runId } = event.data
          if (approval) await this.tried(() => this.open({ tenant, runId, cause }))
          break
        }
        case 'ApprovalGranted':
        case 'ApprovalRejected':
        case 'ApprovalOverridden':
        case 'ApprovalExpired':
        case 'ApprovalConsumed': {
          const { approvalId } = event.data
          await this.tried(() => this.settle({ tenant, approvalId, cause }))
        }
      }
    }
  }

  sweep(): Promise<void> {
    this.sweeping = this.sweeping.then(() => this.sweepOnce())
    return this.sweeping
  }

  private async sweepOnce(): Promise<void> {
    const { work, nowMs } = this.deps
    for (const run of work.unopened()) await this.tried(() => this.open(run))
    for (const due of work.due(new Date(nowMs()).toISOString())) await this.tried(() => this.settle(due))
  }

  /** One that cannot be dealt with now does not hold up the others. */
  private async tried(task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      this.deps.log.warn('an approval was left to the next sweep', { error: String(error) })
    }
  }

  private async open({ tenant, runId, cause }: AwaitingRun): Promise<void> {
    const { commands, nowMs } = this.deps
    const { state } = await commands.load(runs, tenant, runId)
    const { requested } = state
    if (!requested?.approval || state.status !== 'awaiting_approval') return
    const { approvalId, requestedBy, required, expiresAt } = requested.approval
    // What is to be approved is what was recorded, whatever hash was written beside it.
    const { command, commandHash } = approvedCommand(requested)
    const { requestedAt } = requested
    const target = { kind: 'run' as const, id: runId }
    const asked = { approvalId, target, command, commandHash, requestedBy, required, requestedAt, expiresAt }
    const context = systemContext(tenant, this.name, nowMs(), cause)
    await commands.handle(approvals, approvalId, { type: 'RequestApproval', approval: asked }, context)
  }

  /** Carries out what was decided; time decides too. */
  private async settle({ tenant, approvalId, cause }: DueApproval): Promise<void> {
    const { commands, nowMs } = this.deps
    const context = systemContext(tenant, this.name, nowMs(), cause)
    const expire = { type: 'ExpireApproval' as const, approvalId, at: context.at }
    const { state } = await commands.handle(approvals, approvalId, expire, context)
    if (!state.asked || state.status === 'pending') return
    const { asked } = state
    if (state.status === 'rejected') return this.refuse(asked, 'its approval was rejected', context)
    if (state.status === 'expired') return this.refuse(asked, `its approval expired at ${asked.expiresAt}`, context)
    await this.release(asked, state, context)
  }

  /** In two steps, each of which the ledger knows if it is taken again. */
  private async release(asked: ApprovalRequested, { status }: Approval, context: CommandContext): Promise<void> {
    const { commands, mayStill } = this.deps
    const { tenant } = context
    const { approvalId, requestedBy } = asked
    const runId = runIdOf(asked)
    const { state: run } = await commands.load(runs, tenant, runId)
    if (!run.requested || run.status !== 'awaiting_approval') return
    if (status === 'granted') {
      const environment = run.requested.environment ?? firstEnvironment
      if (!mayStill(tenant, requestedBy, 'ReplayRun', environment)) {
        return this.refuse(asked, 'who asked for it may not do it any more', context)
      }
      const { commandHash } = approvedCommand(run.requested)
      const commandId = uuidv5('consume', tenant, approvalId)
      await commands.handle(
        approvals,
        approvalId,
        { type: 'ConsumeApproval', approvalId, commandId, commandHash },
        context,
      )
    }
    const { commandHash } = asked
    await this.say({ type: 'ReleaseRun', runId, approvalId, commandHash }, asked, context)
  }

  private refuse(asked: ApprovalRequested, reason: string, context: CommandContext): Promise<void> {
    const { approvalId } = asked
    return this.say({ type: 'RefuseRun', runId: runIdOf(asked), approvalId, reason }, asked, context)
  }

  /** In the name of who asked for it. */
  private async say(
    command: RunCommand & { runId: RunId },
    asked: ApprovalRequested,
    context: CommandContext,
  ): Promise<void> {
    const commandId = uuidv5(command.type, context.tenant, asked.approvalId) as CommandId
    const inTheirName = { ...context, commandId, actor: asked.requestedBy, approvals: [asked.approvalId] }
    await this.deps.commands.handle(runs, command.runId, command, inTheirName)
  }
}

const runIdOf = ({ target }: ApprovalRequested): RunId => must(parseRunId(target.id), 'run id')
