import { Rejection } from '../codes.ts'
import type { PipelineCommand } from './commands.ts'
import { environments } from './environments.ts'
import type { PipelineEvent, Promotion } from './events.ts'
import { type Pipeline, versionIn } from './state.ts'

type Of<Type extends PipelineCommand['type']> = Extract<PipelineCommand, { type: Type }>
type Known = Pipeline & { id: NonNullable<Pipeline['id']>; slug: NonNullable<Pipeline['slug']> }

/** From one environment to the next, never past one. */
export const promote = (command: Of<'PromotePipeline'>, pipeline: Known): PipelineEvent[] => {
  const { to, number, provedBy, approval } = command
  const { id: pipelineId, slug } = pipeline
  const from = environments[environments.indexOf(to) - 1]
  if (from === undefined) {
    throw new Rejection('VALIDATION_FAILED', `to: new versions are in ${to} at once`, { field: 'to' })
  }
  const version = pipeline.versions.find((each) => each.number === number)
  const wasThere =
    from === environments[0] || pipeline.promotions.some((each) => each.to === from && each.number === number)
  if (!version || !wasThere) {
    throw new Rejection('NOT_PROMOTABLE', `version no. ${number} of '${slug}' was never in ${from}`, { from, number })
  }
  if (versionIn(pipeline, to)?.number === number) return []
  const { version: label, manifestHash } = version
  const promotion = { pipelineId, slug, number, version: label, manifestHash, from, to, provedBy }
  if (!approval) return [{ type: 'PipelinePromoted', data: { ...promotion, approvalId: null } }]
  const waiting = Object.values(pipeline.pending).find((each) => each.to === to)
  if (waiting) {
    const { approvalId } = waiting.approval
    const message = `the promotion of version no. ${waiting.number} of '${slug}' to ${to} awaits approval ${approvalId}`
    throw new Rejection('APPROVAL_PENDING', message, { approvalId })
  }
  return [{ type: 'PromotionRequested', data: { ...promotion, approval } }]
}

/** Only the approval that the promotion itself asked for, of the very command. What was refused meanwhile stays so. */
export const releasePromotion = (command: Of<'ReleasePromotion'>, pipeline: Known): PipelineEvent[] => {
  const { approvalId, commandHash } = command
  const found = pipeline.pending[approvalId]
  if (!found) return []
  const { approval, ...promotion } = found
  if (approval.commandHash !== commandHash) {
    throw new Rejection('APPROVAL_MISMATCH', `approval '${approvalId}' is for another command`, { approvalId })
  }
  return [{ type: 'PipelinePromoted', data: { ...promotion, approvalId } }]
}

export const refusePromotion = (command: Of<'RefusePromotion'>, { pending }: Pipeline): PipelineEvent[] => {
  const { approvalId, reason } = command
  const found = pending[approvalId]
  if (!found) return []
  const { approval: _, ...promotion } = found satisfies Promotion
  return [{ type: 'PromotionRefused', data: { ...promotion, approvalId, reason } }]
}
