import { Rejection } from '../domain/codes.ts'
import { type PartitionKey, type PipelineId, partitionStreamId, type RunId, type Slug } from '../domain/ids.ts'
import type { JsonObject } from '../domain/json.ts'
import { type Environment, firstEnvironment } from '../domain/pipeline/environments.ts'
import { resolveParameters } from '../domain/pipeline/parameters.ts'
import { assertPartition } from '../domain/pipeline/partition.ts'
import { stagesOf } from '../domain/pipeline/stages.ts'
import { type Effective, effectiveIn, type Pipeline, withOverrides } from '../domain/pipeline/state.ts'
import type { ReplayOf, RunRequested } from '../domain/run/events.ts'
import type { Run } from '../domain/run/state.ts'
import { partitions, pipelines, runs } from './aggregates.ts'
import { type ApprovalRequired, approvable, approvalFor } from './approval-needed.ts'
import { claimPartition } from './claim-partition.ts'
import { type CommandContext, subcommand } from './context.ts'
import type { CommandHandler, Handled } from './handle.ts'

export interface RunAsked {
  /** What the caller knows the pipeline by; only for messages. */
  pipelineName: string
  pipelineId: PipelineId
  runId: RunId
  /** False when the id was drawn for this very call. */
  runIdChosen: boolean
  /** The id that the run has by its Idempotency-Key, where there is one, unless the caller chose another. */
  keyedRunId: RunId | null
  partition: PartitionKey | null
  batchId: string | null
  parameters: JsonObject
  /** Where it runs: in the first environment, unless it is given. */
  environment?: Environment
  /** What it runs with: a manifest and overrides that the ledger knows. What is in force there, unless it is given. */
  pinned?: { manifestHash: string; overrides: readonly number[] }
  replayOf?: ReplayOf
  backfillId?: string
  /** Who has to approve it before it is queued; nobody, unless it is given. */
  approval?: ApprovalRequired
}

interface Current {
  slug: Slug
  effective: Effective
  parameters: JsonObject
}

/**
 * Asks for a run: claims its partition, then requests it (DESIGN.md section 5). Throws a Rejection:
 * PIPELINE_NOT_FOUND, VALIDATION_FAILED, RUN_EXISTS, RUN_ACTIVE.
 */
export const requestRun = async (
  commands: CommandHandler,
  asked: RunAsked,
  context: CommandContext,
): Promise<Handled<Run>> => {
  const { runId, keyedRunId } = asked
  if (keyedRunId === null) return requestOnce(commands, asked, context)
  // Where a run id is chosen, the run's stream is not the one that the key leads to. So the key is remembered there:
  // its own run gives way. Each look-up refuses the key to another body.
  const keyContext = subcommand(context, 'key')
  await commands.happened(runs, keyedRunId, keyContext)
  if (keyedRunId === runId) return requestOnce(commands, asked, context)
  await commands.happened(runs, keyedRunId, context)
  const handled = await requestOnce(commands, asked, context)
  const giveWay = { type: 'AbandonRun' as const, runId: keyedRunId, reason: `its request chose the id ${runId}` }
  await commands.handle(runs, keyedRunId, giveWay, keyContext)
  return handled
}

const requestOnce = async (
  commands: CommandHandler,
  asked: RunAsked,
  context: CommandContext,
): Promise<Handled<Run>> => {
  const { runId, runIdChosen } = asked
  const earlier = runIdChosen ? await commands.happened(runs, runId, context) : undefined
  if (earlier) return earlier
  const current = await currentManifest(commands, asked, context)
  const { parameters } = current
  const { partition } = asked
  const limit = current.effective.manifest.orchestration.max_active_runs
  const isTaken = runIdChosen && (await commands.loadCached(runs, context.tenant, runId)).revision >= 0n
  if (isTaken || partition === null || limit === null) {
    return request(commands, asked, current, parameters, false, context)
  }

  const claimed = partitionStreamId(asked.pipelineId, partition)
  await claimPartition(commands, claimed, runId, limit, context)
  try {
    return await request(commands, asked, current, parameters, true, context)
  } catch (error) {
    // Refused for good: the claim would hold the partition for nothing. An unknown outcome keeps it.
    if (error instanceof Rejection && error.code !== 'LEDGER_UNAVAILABLE') {
      const release = { type: 'ReleasePartition' as const, runId, commandId: context.commandId }
      await commands.handle(partitions, claimed, release, subcommand(context, 'release'))
    }
    throw error
  }
}

/** What is asked for, fitted to the pipeline's manifest. A refusal is only given by the manifest that is newest now. */
const currentManifest = async (
  commands: CommandHandler,
  asked: RunAsked,
  context: CommandContext,
): Promise<Current> => {
  const cached = await commands.loadCached(pipelines, context.tenant, asked.pipelineId)
  try {
    return fitted(cached.state, asked)
  } catch (error) {
    if (!(error instanceof Rejection)) throw error
    const newest = await commands.load(pipelines, context.tenant, asked.pipelineId)
    return fitted(newest.state, asked)
  }
}

const fitted = (state: Pipeline, asked: RunAsked): Current => {
  const { pipelineName, parameters: given, partition } = asked
  const effective = effectiveFor(state, asked)
  if (!effective || !state.slug) throw new Rejection('PIPELINE_NOT_FOUND', notFound(pipelineName, asked))
  const parameters = resolveParameters(effective.manifest, given)
  assertPartition(effective.manifest, partition)
  return { slug: state.slug, effective, parameters }
}

const effectiveFor = (state: Pipeline, { pinned, environment = firstEnvironment }: RunAsked): Effective | undefined => {
  if (!pinned) return effectiveIn(state, environment)
  const version = state.versions.find(({ manifestHash }) => manifestHash === pinned.manifestHash)
  const { overrides } = pinned
  return version && { version, overrides, manifest: withOverrides(state, version.manifest, overrides) }
}

const notFound = (name: string, { environment = firstEnvironment }: RunAsked): string =>
  environment === firstEnvironment
    ? `Pipeline '${name}' not found`
    : `Pipeline '${name}' has no version in ${environment}`

const request = (
  commands: CommandHandler,
  asked: RunAsked,
  { slug, effective: { version, overrides, manifest } }: Current,
  parameters: JsonObject,
  claims: boolean,
  context: CommandContext,
): Promise<Handled<Run>> => {
  const { runId, pipelineId, partition, batchId, environment, replayOf, backfillId } = asked
  const request: RunRequested = {
    runId,
    pipelineId,
    pipeline: slug,
    manifestVersion: version.version,
    manifestHash: version.manifestHash,
    engine: manifest.orchestration.engine,
    stages: stagesOf(manifest),
    partition,
    batchId,
    requestedAt: context.at,
    parameters,
    retries: manifest.orchestration.retries,
    retryDelaySeconds: manifest.orchestration.retry_delay_seconds,
    claim: claims ? context.commandId : null,
    ...(environment && environment !== firstEnvironment ? { environment } : {}),
    ...(overrides.length > 0 ? { overrides: [...overrides] } : {}),
    ...(replayOf ? { replayOf } : {}),
    ...(backfillId === undefined ? {} : { backfillId }),
  }
  const command = { type: 'RequestRun' as const, request: withApproval(request, asked, context) }
  return commands.handle(runs, runId, command, context, { fresh: !asked.runIdChosen })
}

/** The command that an approval is for: all of the request but the approval itself. */
export const approvedCommand = ({ approval: _, ...request }: RunRequested) =>
  approvable({ type: 'RequestRun', request } as unknown as JsonObject)

const withApproval = (request: RunRequested, asked: RunAsked, context: CommandContext): RunRequested => {
  const approval = asked.approval && approvalFor(approvedCommand(request), asked.approval, context)
  return approval ? { ...request, approval } : request
}
