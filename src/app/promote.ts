import { Rejection } from '../domain/codes.ts'
import type { PipelineId, RunId } from '../domain/ids.ts'
import type { Environment } from '../domain/pipeline/environments.ts'
import { firstEnvironment } from '../domain/pipeline/environments.ts'
import type { Promotion } from '../domain/pipeline/events.ts'
import { promote } from '../domain/pipeline/promotion.ts'
import type { Pipeline } from '../domain/pipeline/state.ts'
import { pipelines, runs } from './aggregates.ts'
import { type ApprovalRequired, approvable, approvalFor } from './approval-needed.ts'
import type { CommandContext } from './context.ts'
import type { CommandHandler, Handled } from './handle.ts'

export interface PromotionAsked extends ApprovalRequired {
  pipelineId: PipelineId
  number: number
  to: Environment
  /** The run that shows that the version succeeds in the environment before. */
  provedBy: RunId
}

/** The command that an approval is for. */
export const approvedPromotion = ({ pipelineId, slug, number, version, manifestHash, from, to, provedBy }: Promotion) =>
  approvable({
    type: 'PromotePipeline',
    promotion: { pipelineId, slug, number, version, manifestHash, from, to, provedBy },
  })

/** Promotes a version, or asks for the approval that it takes. Throws a Rejection: PIPELINE_NOT_FOUND, NOT_PROMOTABLE. */
export const promotePipeline = async (
  commands: CommandHandler,
  { pipelineId, number, to, provedBy, ...rule }: PromotionAsked,
  context: CommandContext,
): Promise<Handled<Pipeline>> => {
  const command = { type: 'PromotePipeline' as const, pipelineId, number, to, provedBy, approval: null }
  const { state } = await commands.load(pipelines, context.tenant, pipelineId)
  const promotion = promotionIn(state, command)
  if (promotion) await assertProof(commands, promotion, context)
  const approval = (promotion && approvalFor(approvedPromotion(promotion), rule, context)) ?? null
  return commands.handle(pipelines, pipelineId, { ...command, approval }, context)
}

/** What the promotion would be; undefined when there is nothing to do, or the handler has to say why not. */
const promotionIn = (state: Pipeline, command: Parameters<typeof promote>[0]): Promotion | undefined => {
  const { id, slug } = state
  if (id === null || slug === null || state.isDeleted) return undefined
  const [event] = promote(command, { ...state, id, slug })
  return event?.type === 'PipelinePromoted' ? event.data : undefined
}

/** The ledger says whether the run is what it is taken for, not the views. */
export const assertProof = async (
  commands: CommandHandler,
  { provedBy, from, manifestHash, pipelineId, slug, number }: Promotion,
  { tenant }: CommandContext,
): Promise<void> => {
  const { state } = await commands.load(runs, tenant, provedBy)
  const { requested, status } = state
  const isProof =
    status === 'succeeded' &&
    requested?.pipelineId === pipelineId &&
    requested.manifestHash === manifestHash &&
    (requested.environment ?? firstEnvironment) === from
  if (isProof) return
  const message = `run '${provedBy}' does not show that version no. ${number} of '${slug}' succeeds in ${from}`
  throw new Rejection('NOT_PROMOTABLE', message, { from, number, runId: provedBy })
}
