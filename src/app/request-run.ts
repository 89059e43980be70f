import { Rejection } from '../domain/codes.ts'
import { type PartitionKey, type PipelineId, partitionStreamId, type RunId, type Slug } from '../domain/ids.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Holder } from '../domain/partition/decide.ts'
import { currentVersion, type Pipeline } from '../domain/pipeline/decide.ts'
import type { ManifestVersion } from '../domain/pipeline/events.ts'
import { resolveParameters } from '../domain/pipeline/parameters.ts'
import { assertPartition } from '../domain/pipeline/partition.ts'
import { stagesOf } from '../domain/pipeline/stages.ts'
import { hasEnded, type Run } from '../domain/run/state.ts'
import { partitions, pipelines, runs } from './aggregates.ts'
import { type CommandContext, subcommand, systemContext } from './context.ts'
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
}

interface Current {
  slug: Slug
  version: ManifestVersion
  parameters: JsonObject
}

/** A claim whose run has not come about after this long may be taken over. */
const claimGraceMs = 30_000

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
  const limit = current.version.manifest.orchestration.max_active_runs
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

const fitted = (state: Pipeline, { pipelineName, parameters: given, partition }: RunAsked): Current => {
  const version = currentVersion(state)
  if (!version || !state.slug) throw new Rejection('PIPELINE_NOT_FOUND', `Pipeline '${pipelineName}' not found`)
  const parameters = resolveParameters(version.manifest, given)
  assertPartition(version.manifest, partition)
  return { slug: state.slug, version, parameters }
}

const request = (
  commands: CommandHandler,
  asked: RunAsked,
  { slug, version: { manifest, version, manifestHash } }: Current,
  parameters: JsonObject,
  claims: boolean,
  context: CommandContext,
): Promise<Handled<Run>> => {
  const { runId, pipelineId, partition, batchId } = asked
  const command = {
    type: 'RequestRun' as const,
    request: {
      runId,
      pipelineId,
      pipeline: slug,
      manifestVersion: version,
      manifestHash,
      engine: manifest.orchestration.engine,
      stages: stagesOf(manifest),
      partition,
      batchId,
      requestedAt: context.at,
      parameters,
      retries: manifest.orchestration.retries,
      retryDelaySeconds: manifest.orchestration.retry_delay_seconds,
      claim: claims ? context.commandId : null,
    },
  }
  return commands.handle(runs, runId, command, context, { fresh: !asked.runIdChosen })
}

/** Tries with what it knows; when the partition is held, looks which holders are gone and tries once more. */
const claimPartition = async (
  commands: CommandHandler,
  id: string,
  runId: RunId,
  limit: number,
  context: CommandContext,
): Promise<void> => {
  const { commandId, at } = context
  const claim = (gone: readonly RunId[]) =>
    commands.handle(
      partitions,
      id,
      { type: 'ClaimPartition', runId, commandId, at, limit, gone },
      subcommand(context, `claim${gone.join()}`),
      // Most partitions are claimed for the first time: the append tells sooner than a read whether that is so.
      { fresh: true },
    )
  try {
    await claim([])
  } catch (error) {
    if (!(error instanceof Rejection) || error.code !== 'RUN_ACTIVE') throw error
    const { state } = await commands.load(partitions, context.tenant, id)
    const gone = await goneHolders(commands, state.holders, context)
    if (gone.length === 0) throw error
    await claim(gone)
  }
}

/** A holder that has not come about in time is kept from coming about before its claim is taken. */
const goneHolders = async (
  commands: CommandHandler,
  holders: readonly Holder[],
  { tenant, at }: CommandContext,
): Promise<RunId[]> => {
  const gone: RunId[] = []
  for (const holder of holders) {
    let { state } = await commands.load(runs, tenant, holder.runId)
    const isLate = Date.parse(at) - Date.parse(holder.at) > claimGraceMs
    if (state.status === null && isLate) {
      const reason = `its claim of ${holder.at} was taken over`
      const command = { type: 'AbandonRun' as const, runId: holder.runId, reason }
      const abandoned = await commands.handle(
        runs,
        holder.runId,
        command,
        systemContext(tenant, 'claims', Date.parse(at), {
          correlationId: holder.commandId,
          causationId: holder.commandId,
        }),
      )
      state = abandoned.state
    }
    if (hasEnded(state)) gone.push(holder.runId)
  }
  return gone
}
