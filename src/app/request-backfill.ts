import type { Backfill } from '../domain/backfill/decide.ts'
import type { BackfillRequested } from '../domain/backfill/events.ts'
import type { PartitionKey, PipelineId, Slug } from '../domain/ids.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Environment } from '../domain/pipeline/environments.ts'
import { resolveParameters } from '../domain/pipeline/parameters.ts'
import { assertPartition } from '../domain/pipeline/partition.ts'
import type { Effective } from '../domain/pipeline/state.ts'
import { backfills } from './aggregates.ts'
import { type ApprovalRequired, approvable, approvalFor } from './approval-needed.ts'
import type { CommandContext } from './context.ts'
import type { CommandHandler, Handled } from './handle.ts'
import { uuidv5 } from './ids.ts'

export interface BackfillAsked extends ApprovalRequired {
  pipelineId: PipelineId
  pipeline: Slug
  environment: Environment
  effective: Effective
  partitions: readonly PartitionKey[]
  skipped: readonly PartitionKey[]
  parameters: JsonObject
  maxConcurrency: number
}

/** The command that an approval is for: all of the request but the approval itself. */
export const approvedBackfill = ({ approval: _, ...request }: BackfillRequested) =>
  approvable({ type: 'RequestBackfill', request } as unknown as JsonObject)

/** What is asked for, resolved. Throws VALIDATION_FAILED for a partition or a parameter that the manifest has not. */
export const backfillOf = (asked: BackfillAsked, context: CommandContext): BackfillRequested => {
  const { effective } = asked
  for (const partition of asked.partitions) assertPartition(effective.manifest, partition)
  const request: BackfillRequested = {
    backfillId: uuidv5('backfill', context.commandId),
    pipelineId: asked.pipelineId,
    pipeline: asked.pipeline,
    environment: asked.environment,
    manifestVersion: effective.version.version,
    manifestHash: effective.version.manifestHash,
    overrides: [...effective.overrides],
    parameters: resolveParameters(effective.manifest, asked.parameters),
    partitions: [...asked.partitions],
    skipped: [...asked.skipped],
    maxConcurrency: asked.maxConcurrency,
    requestedBy: context.actor,
    requestedAt: context.at,
  }
  const approval = approvalFor(approvedBackfill(request), asked, context)
  return approval ? { ...request, approval } : request
}

export const requestBackfill = (
  commands: CommandHandler,
  request: BackfillRequested,
  context: CommandContext,
): Promise<Handled<Backfill>> =>
  commands.handle(backfills, request.backfillId, { type: 'RequestBackfill', request }, context)
