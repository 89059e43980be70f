import { approvals } from '../app/aggregates.ts'
import { type Cause, type CommandContext, systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import { uuidv5 } from '../app/ids.ts'
import type { ApprovalWork, DueApproval, MayStill, WantedApproval } from '../app/ports/approvals.ts'
import type { Follows, Log } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import type { Approval } from '../domain/approval/decide.ts'
import type { ApprovalRequested } from '../domain/approval/events.ts'
import type { CommandId, TenantId } from '../domain/ids.ts'
import { approvalOfCanceled, type Canceled, targetKinds, targetOf } from './approval-targets.ts'

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
        case 'RunRequested':
        case 'BackfillRequested':
        case 'PromotionRequested':
        case 'ContractChangeRequested': {
          const { approval } = event.data
          const target = targetOf(event)
          if (approval) await this.tried(() => this.open({ tenant, target, approvalId: approval.approvalId, cause }))
          break
        }
        case 'ApprovalGranted':
        case 'ApprovalRejected':
        case 'ApprovalOverridden':
        case 'ApprovalExpired':
        case 'ApprovalConsumed': {
          const { approvalId } = event.data
          await this.tried(() => this.settle({ tenant, approvalId, cause }))
          break
        }
        case 'RunCanceled':
        case 'BackfillCanceled':
          await this.tried(() => this.withdrawOf(event, tenant, cause))
      }
    }
  }

  sweep(): Promise<void> {
    const { log } = this.deps
    this.sweeping = this.sweeping
      .then(() => this.sweepOnce())
      .catch((error) => log.warn('a sweep of approvals failed; the next one tries again', { error: String(error) }))
    return this.sweeping
  }

  private async sweepOnce(): Promise<void> {
    const { work, nowMs } = this.deps
    for (const wanted of work.unopened()) await this.tried(() => this.open(wanted))
    for (const due of work.due(new Date(nowMs()).toISOString())) await this.tried(() => this.settle(due))
    for (const unused of work.unused()) await this.tried(() => this.withdraw(unused))
  }

  /** One that cannot be dealt with now does not hold up the others. */
  private async tried(task: () => Promise<void>): Promise<void> {
    try {
      await task()
    } catch (error) {
      this.deps.log.warn('an approval was left to the next sweep', { error: String(error) })
    }
  }

  private async open({ tenant, target, approvalId, cause }: WantedApproval): Promise<void> {
    const { commands, nowMs } = this.deps
    const waiting = await targetKinds[target.kind].waiting(commands, tenant, target.id, approvalId)
    if (!waiting) return
    const { needed, command, commandHash } = waiting
    const { requestedBy, required, expiresAt } = needed
    const context = systemContext(tenant, this.name, nowMs(), cause)
    const of = { approvalId, target, command, commandHash }
    const approval = { ...of, requestedBy, required, requestedAt: context.at, expiresAt }
    await commands.handle(approvals, approvalId, { type: 'RequestApproval', approval }, context)
  }

  private async withdrawOf(event: Canceled, tenant: TenantId, cause: Cause): Promise<void> {
    const approvalId = await approvalOfCanceled(this.deps.commands, tenant, event)
    if (approvalId !== null) await this.withdraw({ tenant, approvalId, cause })
  }

  /** Nobody is to decide what does not matter any more. */
  private async withdraw({ tenant, approvalId, cause }: DueApproval): Promise<void> {
    const { commands, nowMs } = this.deps
    const context = systemContext(tenant, this.name, nowMs(), cause)
    const reason = 'what it is for ended without it'
    await commands.handle(approvals, approvalId, { type: 'WithdrawApproval', approvalId, reason }, context)
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
    const { approvalId, target, requestedBy } = asked
    const kind = targetKinds[target.kind]
    const waiting = await kind.waiting(commands, tenant, target.id, approvalId)
    if (!waiting) return
    const { action, environment, commandHash, needed } = waiting
    if (asked.commandHash !== commandHash || needed.commandHash !== commandHash) {
      return this.refuse(asked, 'what was approved is not what was asked for', context)
    }
    if (status === 'granted') {
      if (!mayStill(tenant, requestedBy, action, environment)) {
        return this.refuse(asked, 'who asked for it may not do it any more', context)
      }
      const commandId = uuidv5('consume', tenant, approvalId)
      const consume = { type: 'ConsumeApproval' as const, approvalId, commandId, commandHash }
      await commands.handle(approvals, approvalId, consume, context)
    }
    await kind.release(commands, target.id, approvalId, commandHash, this.inTheirName('release', asked, context))
  }

  private async refuse(asked: ApprovalRequested, reason: string, context: CommandContext): Promise<void> {
    const { approvalId, target } = asked
    const named = this.inTheirName('refuse', asked, context)
    await targetKinds[target.kind].refuse(this.deps.commands, target.id, approvalId, reason, named)
  }

  /** What is carried out is done in the name of who asked for it. */
  private inTheirName(step: string, { approvalId, requestedBy }: ApprovalRequested, context: CommandContext) {
    const commandId = uuidv5(step, context.tenant, approvalId) as CommandId
    return { ...context, commandId, actor: requestedBy, approvals: [approvalId] }
  }
}
