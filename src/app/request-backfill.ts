import type { Requirement } from '../domain/approval/events.ts'
import type { Backfill } from '../domain/backfill/decide.ts'
import type { BackfillRequested } from '../domain/backfill/events.ts'
import { canonicalJson } from '../domain/canonical-json.ts'
import type { PartitionKey, PipelineId, Slug } from '../domain/ids.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Environment } from '../domain/pipeline/environments.ts'
import { resolveParameters } from '../domain/pipeline/parameters.ts'
import { assertPartition } from '../domain/pipeline/partition.ts'
import type { Effective } from '../domain/pipeline/state.ts'
import { backfills } from './aggregates.ts'
import { type CommandContext, sha256Hex } from './context.ts'
import type { CommandHandler, Handled } from './handle.ts'
import { uuidv5 } from './ids.ts'

export interface BackfillAsked {
  pipelineId: PipelineId
  pipeline: Slug
  environment: Environment
  effective: Effective
  partitions: readonly PartitionKey[]
  skipped: readonly PartitionKey[]
  parameters: JsonObject
  maxConcurrency: number
  required: Requirement[]
  /** ISO time until which an approval may be given. */
  expiresAt: string
}

/** The command that an approval is for; SHA-256 in hex of its RFC 8785 JSON. */
export const approvedBackfill = ({ approval: _, ...request }: BackfillRequested) => {
  const command = { type: 'RequestBackfill', request: { ...request } } as unknown as JsonObject
  return { command, commandHash: sha256Hex(canonicalJson(command)) }
}

/** What is asked for, resolved. Throws VALIDATION_FAILED for a partition or a parameter that the manifest has not. */
export const backfillOf = (asked: BackfillAsked, context: CommandContext): BackfillRequested => {
  const { effective, required, expiresAt } = asked
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
  if (required.length === 0) return request
  const approvalId = uuidv5('approval', context.commandId)
  const { commandHash } = approvedBackfill(request)
  return { ...request, approval: { approvalId, commandHash, requestedBy: context.actor, required, expiresAt } }
}

export const requestBackfill = (
  commands: CommandHandler,
  request: BackfillRequested,
  context: CommandContext,
): Promise<Handled<Backfill>> =>
  commands.handle(backfills, request.backfillId, { type: 'RequestBackfill', request }, context)
