import type { Decider } from '../decider.ts'
import type { PipelineId, Slug } from '../ids.ts'
import type { ManifestVersion, PipelineEvent } from './events.ts'
import type { Manifest } from './manifest.ts'

export interface Pipeline {
  id: PipelineId | null
  slug: Slug | null
  versions: readonly ManifestVersion[]
}

/** Creates the pipeline, or gives it a new version; the manifest that it already has is nothing to do. */
export interface RegisterManifest {
  type: 'RegisterManifest'
  pipelineId: PipelineId
  slug: Slug
  manifest: Manifest
  manifestHash: string
}

export const currentVersion = (pipeline: Pipeline): ManifestVersion | undefined => pipeline.versions.at(-1)

export const pipelineDecider: Decider<Pipeline, RegisterManifest, PipelineEvent> = {
  initial: { id: null, slug: null, versions: [] },

  decide({ pipelineId, slug, manifest, manifestHash }, pipeline) {
    const current = currentVersion(pipeline)
    if (current?.manifestHash === manifestHash) return []
    const number = (current?.number ?? 0) + 1
    const data = { pipelineId, slug, number, version: manifest.version, manifestHash, manifest }
    return [{ type: current ? 'ManifestVersioned' : 'PipelineCreated', data }]
  },

  evolve(pipeline, { data }) {
    const { pipelineId, slug, number, version, manifestHash, manifest } = data
    return {
      id: pipelineId,
      slug,
      versions: [...pipeline.versions, { number, version, manifestHash, manifest }],
    }
  },
}
