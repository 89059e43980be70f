import { backfills, pipelines, runs } from '../app/aggregates.ts'
import type { CommandContext } from '../app/context.ts'
import { approvedChange, contracts } from '../app/contracts.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { MayStill } from '../app/ports/approvals.ts'
import { approvedPromotion } from '../app/promote.ts'
import { approvedBackfill } from '../app/request-backfill.ts'
import { approvedCommand } from '../app/request-run.ts'
import type { ApprovalNeeded, ApprovalTarget } from '../domain/approval/events.ts'
import type { EventOf } from '../domain/events.ts'
import { must, parseContractName, parsePipelineId, parseRunId, type TenantId } from '../domain/ids.ts'
import type { JsonObject } from '../domain/json.ts'
import { type Environment, firstEnvironment } from '../domain/pipeline/environments.ts'

type Commands = Pick<CommandHandler, 'handle' | 'load'>

/** What waits for an approval, as the ledger has it. */
interface Waiting {
  needed: ApprovalNeeded
  /** As it would be carried out, and its hash: made from what was recorded, whatever hash was written beside it. */
  command: JsonObject
  commandHash: string
  /** What the policies are asked again before it goes on, and where. */
  action: Parameters<MayStill>[2]
  environment: Environment | null
}

/** One kind of thing that may need an approval. */
interface TargetKind {
  /** Null where nothing waits for that approval any more. */
  waiting(commands: Commands, tenant: TenantId, id: string, approvalId: string): Promise<Waiting | null>
  release(
    commands: Commands,
    id: string,
    approvalId: string,
    commandHash: string,
    context: CommandContext,
  ): Promise<unknown>
  refuse(commands: Commands, id: string, approvalId: string, reason: string, context: CommandContext): Promise<unknown>
}

type Asking = EventOf<'RunRequested' | 'BackfillRequested' | 'PromotionRequested' | 'ContractChangeRequested'>

/** What an event that may ask for an approval asks it for. */
export const targetOf = ({ type, data }: Asking): ApprovalTarget => {
  switch (type) {
    case 'RunRequested':
      return { kind: 'run', id: data.runId }
    case 'BackfillRequested':
      return { kind: 'backfill', id: data.backfillId }
    case 'PromotionRequested':
      return { kind: 'pipeline', id: data.pipelineId }
    case 'ContractChangeRequested':
      return { kind: 'contract', id: data.name }
  }
}

export type Canceled = EventOf<'RunCanceled' | 'BackfillCanceled'>

/** The approval that something had asked for before it was canceled; null where it had asked for none. */
export const approvalOfCanceled = async (
  commands: Commands,
  tenant: TenantId,
  { type, data }: Canceled,
): Promise<string | null> => {
  if (type === 'RunCanceled') {
    const { state } = await commands.load(runs, tenant, data.runId)
    return state.requested?.approval?.approvalId ?? null
  }
  const { state } = await commands.load(backfills, tenant, data.backfillId)
  return state.asked?.approval?.approvalId ?? null
}

const runIn = (id: string) => must(parseRunId(id), 'run id')
const contractIn = (name: string) => must(parseContractName(name), 'contract name')
const pipelineIn = (id: string) => must(parsePipelineId(id), 'pipeline id')

export const targetKinds: Record<ApprovalTarget['kind'], TargetKind> = {
  run: {
    waiting: async (commands, tenant, id, approvalId) => {
      const { state } = await commands.load(runs, tenant, runIn(id))
      const { requested, status } = state
      if (requested?.approval?.approvalId !== approvalId || status !== 'awaiting_approval') return null
      const environment = requested.environment ?? firstEnvironment
      const action = requested.replayOf ? 'ReplayRun' : 'RequestRun'
      return { needed: requested.approval, ...approvedCommand(requested), action, environment }
    },
    release: (commands, id, approvalId, commandHash, context) =>
      commands.handle(runs, id, { type: 'ReleaseRun', runId: runIn(id), approvalId, commandHash }, context),
    refuse: (commands, id, approvalId, reason, context) =>
      commands.handle(runs, id, { type: 'RefuseRun', runId: runIn(id), approvalId, reason }, context),
  },
  backfill: {
    waiting: async (commands, tenant, id, approvalId) => {
      const { state } = await commands.load(backfills, tenant, id)
      const { asked, status } = state
      if (asked?.approval?.approvalId !== approvalId || status !== 'awaiting_approval') return null
      const { approval, environment } = asked
      return { needed: approval, ...approvedBackfill(asked), action: 'RequestBackfill', environment }
    },
    release: (commands, id, approvalId, commandHash, context) => {
      const command = { type: 'ReleaseBackfill' as const, backfillId: id, approvalId, commandHash }
      return commands.handle(backfills, id, command, context)
    },
    refuse: (commands, id, approvalId, reason, context) =>
      commands.handle(backfills, id, { type: 'RefuseBackfill', backfillId: id, approvalId, reason }, context),
  },
  contract: {
    waiting: async (commands, tenant, id, approvalId) => {
      const { state } = await commands.load(contracts, tenant, contractIn(id))
      const { pending } = state
      if (pending?.approval.approvalId !== approvalId) return null
      return { needed: pending.approval, ...approvedChange(pending), action: 'WriteContract', environment: null }
    },
    release: (commands, id, approvalId, commandHash, context) => {
      const command = { type: 'ReleaseContractChange' as const, name: contractIn(id), approvalId, commandHash }
      return commands.handle(contracts, id, command, context)
    },
    refuse: (commands, id, approvalId, reason, context) => {
      const command = { type: 'RefuseContractChange' as const, name: contractIn(id), approvalId, reason }
      return commands.handle(contracts, id, command, context)
    },
  },
  pipeline: {
    waiting: async (commands, tenant, id, approvalId) => {
      const { state } = await commands.load(pipelines, tenant, pipelineIn(id))
      const promotion = state.pending[approvalId]
      if (!promotion) return null
      const environment = promotion.to
      return { needed: promotion.approval, ...approvedPromotion(promotion), action: 'PromotePipeline', environment }
    },
    release: (commands, id, approvalId, commandHash, context) => {
      const pipelineId = pipelineIn(id)
      return commands.handle(pipelines, id, { type: 'ReleasePromotion', pipelineId, approvalId, commandHash }, context)
    },
    refuse: (commands, id, approvalId, reason, context) => {
      const pipelineId = pipelineIn(id)
      return commands.handle(pipelines, id, { type: 'RefusePromotion', pipelineId, approvalId, reason }, context)
    },
  },
}
