import type { PipelineId, Slug } from '../ids.ts'
import type { JsonValue } from '../json.ts'
import { type Environment, firstEnvironment } from './environments.ts'
import type { ManifestVersion, Override, PipelineEvent, Promotion } from './events.ts'
import type { Manifest } from './manifest.ts'
import { mergePatch } from './merge-patch.ts'

type PendingPromotion = Extract<PipelineEvent, { type: 'PromotionRequested' }>['data']

export interface Pipeline {
  id: PipelineId | null
  slug: Slug | null
  versions: readonly ManifestVersion[]
  isDeleted: boolean
  /** In the order in which they happened. */
  promotions: readonly Promotion[]
  /** By approval. */
  pending: Readonly<Record<string, PendingPromotion>>
  /** All that ever were, oldest first. */
  overrides: readonly Override[]
  /** Numbers of those in force, by scope. */
  inForce: Readonly<Partial<Record<Override['scope'], number>>>
}

export const noPipeline: Pipeline = {
  id: null,
  slug: null,
  versions: [],
  isDeleted: false,
  promotions: [],
  pending: {},
  overrides: [],
  inForce: {},
}

/** What runs in an environment: a version, and the overrides on top of it, in the order in which they apply. */
export interface Effective {
  version: ManifestVersion
  overrides: readonly number[]
  manifest: Manifest
}

/** The newest version, whether or not the pipeline is deleted. */
export const currentVersion = (pipeline: Pipeline): ManifestVersion | undefined => pipeline.versions.at(-1)

/** New versions are in the first environment at once; into the others they are promoted. */
export const versionIn = (pipeline: Pipeline, environment: Environment): ManifestVersion | undefined => {
  if (environment === firstEnvironment) return currentVersion(pipeline)
  const number = pipeline.promotions.findLast(({ to }) => to === environment)?.number
  return pipeline.versions.find((version) => version.number === number)
}

/** The tenant's override first, then the environment's on top of it. */
const overridesIn = ({ inForce }: Pipeline, environment: Environment): number[] =>
  [inForce.tenant, inForce[environment]].filter((number) => number !== undefined)

/** A manifest with some overrides applied. That the result is a manifest was checked when they were. */
export const withOverrides = (pipeline: Pipeline, manifest: Manifest, numbers: readonly number[]): Manifest =>
  numbers.reduce<Manifest>((merged, number) => {
    const patch = pipeline.overrides.find((override) => override.number === number)?.patch ?? {}
    return mergePatch(merged as unknown as JsonValue, patch) as unknown as Manifest
  }, manifest)

export const effectiveIn = (pipeline: Pipeline, environment: Environment): Effective | undefined => {
  const version = versionIn(pipeline, environment)
  if (!version || pipeline.isDeleted) return undefined
  const overrides = overridesIn(pipeline, environment)
  return { version, overrides, manifest: withOverrides(pipeline, version.manifest, overrides) }
}

export const evolvePipeline = (pipeline: Pipeline, { type, data }: PipelineEvent): Pipeline => {
  switch (type) {
    case 'PipelineCreated':
    case 'ManifestVersioned': {
      const { pipelineId, slug, number, version, manifestHash, manifest } = data
      const versions = [...pipeline.versions, { number, version, manifestHash, manifest }]
      return { ...pipeline, id: pipelineId, slug, versions, isDeleted: false }
    }
    case 'PipelineDeleted':
      return { ...pipeline, isDeleted: true }
    case 'OverrideApplied': {
      const { number, scope, patch } = data
      const overrides = [...pipeline.overrides, { number, scope, patch }]
      return { ...pipeline, overrides, inForce: { ...pipeline.inForce, [scope]: number } }
    }
    case 'OverrideRemoved': {
      const { [data.scope]: _, ...inForce } = pipeline.inForce
      return { ...pipeline, inForce }
    }
    case 'PromotionRequested':
      return { ...pipeline, pending: { ...pipeline.pending, [data.approval.approvalId]: data } }
    case 'PromotionRefused':
      return { ...pipeline, pending: without(pipeline.pending, data.approvalId) }
    case 'PipelinePromoted': {
      const pending = data.approvalId === null ? pipeline.pending : without(pipeline.pending, data.approvalId)
      return { ...pipeline, pending, promotions: [...pipeline.promotions, data] }
    }
  }
}

const without = (pending: Pipeline['pending'], approvalId: string): Pipeline['pending'] =>
  Object.fromEntries(Object.entries(pending).filter(([id]) => id !== approvalId))
