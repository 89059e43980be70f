import { canonicalJson } from '../canonical-json.ts'
import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import type { PipelineCommand } from './commands.ts'
import type { PipelineEvent } from './events.ts'
import { promote, refusePromotion, releasePromotion } from './promotion.ts'
import { currentVersion, evolvePipeline, noPipeline, type Pipeline } from './state.ts'

export type { RegisterManifest } from './commands.ts'
export { currentVersion, type Pipeline } from './state.ts'

type Of<Type extends PipelineCommand['type']> = Extract<PipelineCommand, { type: Type }>
type Known = Pipeline & { id: NonNullable<Pipeline['id']>; slug: NonNullable<Pipeline['slug']> }

const decide = (command: PipelineCommand, pipeline: Pipeline): PipelineEvent[] => {
  if (command.type === 'RegisterManifest') return register(command, pipeline)
  if (command.type === 'CreatePipeline') return create(command, pipeline)
  const known = existing(command.pipelineId, pipeline)
  switch (command.type) {
    case 'UpdateManifest':
      assertMatch(command.ifMatch, known)
      return register(command, known)
    case 'DeletePipeline':
      assertMatch(command.ifMatch, known)
      return [{ type: 'PipelineDeleted', data: { ...named(known), reason: command.reason } }]
    case 'ApplyOverride':
      return applyOverride(command, known)
    case 'RemoveOverride':
      return removeOverride(command, known)
    case 'PromotePipeline':
      return promote(command, known)
    case 'ReleasePromotion':
      return releasePromotion(command, known)
    case 'RefusePromotion':
      return refusePromotion(command, known)
  }
}

/** A deleted pipeline whose file still lies there stays deleted; a file that has changed brings it back. */
const register = (command: Of<'RegisterManifest' | 'UpdateManifest'>, pipeline: Pipeline): PipelineEvent[] => {
  if (currentVersion(pipeline)?.manifestHash === command.manifestHash) return []
  return version(command, pipeline)
}

const create = (command: Of<'CreatePipeline'>, pipeline: Pipeline): PipelineEvent[] => {
  if (pipeline.id !== null && !pipeline.isDeleted) {
    const { slug } = command
    throw new Rejection('PIPELINE_EXISTS', `pipeline '${slug}' exists already; give it a new version instead`, { slug })
  }
  return version(command, pipeline)
}

/** The stream of a pipeline goes on, whatever was deleted. */
const version = (
  { pipelineId, slug, manifest, manifestHash }: Of<'RegisterManifest' | 'UpdateManifest' | 'CreatePipeline'>,
  pipeline: Pipeline,
): PipelineEvent[] => {
  const current = currentVersion(pipeline)
  const number = (current?.number ?? 0) + 1
  const data = { pipelineId, slug, number, version: manifest.version, manifestHash, manifest }
  return [{ type: current ? 'ManifestVersioned' : 'PipelineCreated', data }]
}

const applyOverride = ({ scope, patch }: Of<'ApplyOverride'>, pipeline: Known): PipelineEvent[] => {
  const before = pipeline.overrides.find(({ number }) => number === pipeline.inForce[scope])
  if (before && canonicalJson(before.patch) === canonicalJson(patch)) return []
  const number = pipeline.overrides.length + 1
  return [{ type: 'OverrideApplied', data: { ...named(pipeline), number, scope, patch } }]
}

const removeOverride = ({ scope }: Of<'RemoveOverride'>, pipeline: Known): PipelineEvent[] => {
  const number = pipeline.inForce[scope]
  if (number === undefined) {
    throw new Rejection('OVERRIDE_NOT_FOUND', `pipeline '${pipeline.slug}' has no override of scope ${scope}`, {
      scope,
    })
  }
  return [{ type: 'OverrideRemoved', data: { ...named(pipeline), number, scope } }]
}

const existing = (pipelineId: string, pipeline: Pipeline): Known => {
  const { id, slug } = pipeline
  if (id !== null && slug !== null && !pipeline.isDeleted) return { ...pipeline, id, slug }
  throw new Rejection('PIPELINE_NOT_FOUND', `pipeline '${slug ?? pipelineId}' not found`, { pipelineId })
}

/** Who changes what somebody else has changed meanwhile would undo it unseen. */
const assertMatch = (ifMatch: number | null, pipeline: Known): void => {
  const number = currentVersion(pipeline)?.number ?? 0
  if (ifMatch === null || ifMatch === number) return
  const message = `pipeline '${pipeline.slug}' is at version no. ${number}, not ${ifMatch}; read it again`
  throw new Rejection('PRECONDITION_FAILED', message, { number })
}

const named = ({ id, slug }: Known) => ({ pipelineId: id, slug })

export const pipelineDecider: Decider<Pipeline, PipelineCommand, PipelineEvent> = {
  initial: noPipeline,
  decide,
  evolve: evolvePipeline,
}
