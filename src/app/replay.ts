import { Rejection } from '../domain/codes.ts'
import { incompatibilities } from '../domain/contract/compatibility.ts'
import { parseContractRef } from '../domain/contract/events.ts'
import type { PartitionKey, RunId } from '../domain/ids.ts'
import { type Environment, firstEnvironment } from '../domain/pipeline/environments.ts'
import type { ManifestVersion } from '../domain/pipeline/events.ts'
import type { RunRequested } from '../domain/run/events.ts'
import type { Run } from '../domain/run/state.ts'
import { pipelines, runs } from './aggregates.ts'
import type { ApprovalRequired } from './approval-needed.ts'
import type { CommandContext } from './context.ts'
import { contracts } from './contracts.ts'
import type { CommandHandler } from './handle.ts'
import type { RunAsked } from './request-run.ts'

export interface ReplayAsked {
  /** The run that is to be done again. */
  runId: RunId
  partition: PartitionKey | null
  /** Left out: whichever the run was promised in. */
  contract?: string | null
  /** A run that has succeeded is done again only where this is said. */
  allowSucceeded: boolean
}

/** A run that may be replayed: what it was, what it ran with and where. */
export interface Replayable {
  original: RunRequested
  environment: Environment
  contract: string | null
}

/** The version to which the replay keeps: that of the run, or one whose rows the readers of that one can read. */
const contractFor = async (
  commands: CommandHandler,
  { manifest }: ManifestVersion,
  { runId, contract: said }: ReplayAsked,
  { tenant }: Pick<CommandContext, 'tenant'>,
): Promise<string | null> => {
  const promised = parseContractRef(String(manifest.contract?.ref ?? ''))
  const asked = said === undefined ? (promised?.version ?? null) : said
  if (asked === (promised?.version ?? null)) return asked
  if (!promised || asked === null) {
    throw refused(`run '${runId}' was promised in ${promised?.version ?? 'no contract'}, not ${asked ?? 'none'}`)
  }
  const { state } = await commands.load(contracts, tenant, promised.name)
  const schemaOf = (label: string) => {
    const found = state.versions.find(({ version }) => version === label)
    if (found) return found.schema
    throw refused(`run '${runId}' was promised in ${promised.version}, and '${promised.name}' has no version ${label}`)
  }
  const [first] = incompatibilities(schemaOf(promised.version), schemaOf(asked), 'forward')
  if (first) throw refused(`readers of ${promised.version} could not read ${asked}: ${first.path}: ${first.message}`)
  return asked
}

const refused = (message: string): Rejection =>
  new Rejection('VALIDATION_FAILED', `contract_version: ${message}`, { field: 'contract_version' })

/**
 * Checks a replay against what the ledger holds of the run. Throws a Rejection: RUN_NOT_FOUND, RUN_ACTIVE,
 * NOT_REPLAYABLE, VALIDATION_FAILED.
 */
export const replayable = async (
  commands: CommandHandler,
  asked: ReplayAsked,
  { tenant }: Pick<CommandContext, 'tenant'>,
): Promise<Replayable> => {
  const { runId, partition, allowSucceeded } = asked
  const { state } = await commands.load(runs, tenant, runId)
  const original = state.requested
  if (!original) throw new Rejection('RUN_NOT_FOUND', `run '${runId}' not found`, { runId })
  if (original.partition !== partition) {
    const message = `partition: run '${runId}' was for ${original.partition ?? 'no partition'}, not ${partition ?? 'none'}`
    throw new Rejection('VALIDATION_FAILED', message, { field: 'partition' })
  }
  assertEnded(runId, state, allowSucceeded)
  const pipeline = await commands.load(pipelines, tenant, original.pipelineId)
  const version = pipeline.state.versions.find(({ manifestHash }) => manifestHash === original.manifestHash)
  if (!version) throw new Rejection('PIPELINE_NOT_FOUND', `the manifest of run '${runId}' is not in the ledger`)
  const contract = await contractFor(commands, version, asked, { tenant })
  return { original, environment: original.environment ?? firstEnvironment, contract }
}

const assertEnded = (runId: RunId, { status }: Run, allowSucceeded: boolean): void => {
  if (status === 'failed' || status === 'canceled' || (status === 'succeeded' && allowSucceeded)) return
  if (status === 'succeeded') {
    const message = `run '${runId}' has succeeded; say allow_succeeded to do it again`
    throw new Rejection('NOT_REPLAYABLE', message, { runId, status })
  }
  if (status === 'rejected') {
    throw new Rejection('NOT_REPLAYABLE', `run '${runId}' was rejected: it never ran`, { runId, status })
  }
  throw new Rejection('RUN_ACTIVE', `run '${runId}' is ${status}: it has not ended`, { runId, status: status ?? '' })
}

/** The run that does it again: the same manifest, partition and parameters. */
export const replayOf = (
  { original, environment, contract }: Replayable,
  ids: Pick<RunAsked, 'runId' | 'runIdChosen' | 'keyedRunId'>,
  approval: ApprovalRequired,
): RunAsked => ({
  ...ids,
  pipelineName: original.pipeline,
  pipelineId: original.pipelineId,
  partition: original.partition,
  batchId: original.batchId,
  parameters: original.parameters,
  environment,
  pinned: { manifestHash: original.manifestHash, overrides: original.overrides ?? [] },
  replayOf: { runId: original.runId, contract },
  approval,
})
