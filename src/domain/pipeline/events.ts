import type { PipelineId, Slug } from '../ids.ts'
import type { Manifest } from './manifest.ts'

export interface ManifestVersion {
  /** Counts a pipeline's versions from 1; `version` is the label that its author gave. */
  number: number
  version: string
  manifestHash: string
  manifest: Manifest
}

export type PipelineEvent =
  | { type: 'PipelineCreated'; data: { pipelineId: PipelineId; slug: Slug } & ManifestVersion }
  | { type: 'ManifestVersioned'; data: { pipelineId: PipelineId; slug: Slug } & ManifestVersion }
