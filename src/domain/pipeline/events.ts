import type { ApprovalNeeded } from '../approval/events.ts'
import type { PipelineId, RunId, Slug } from '../ids.ts'
import type { JsonObject } from '../json.ts'
import type { Environment } from './environments.ts'
import type { Manifest } from './manifest.ts'

export interface ManifestVersion {
  /** Counts a pipeline's versions from 1; `version` is the label that its author gave. */
  number: number
  version: string
  manifestHash: string
  manifest: Manifest
}

interface Named {
  pipelineId: PipelineId
  slug: Slug
}

/** Of all environments of the tenant, or of one. */
export const overrideScopes = ['tenant', 'dev', 'staging', 'prod'] as const
export type OverrideScope = (typeof overrideScopes)[number]

/** A JSON Merge Patch (RFC 7396) on top of the manifest. `number` counts a pipeline's overrides from 1. */
export interface Override {
  number: number
  scope: OverrideScope
  patch: JsonObject
}

/** A version goes from one environment to the next; `provedBy` is the run with which it succeeded in the one before. */
export interface Promotion extends Named {
  number: number
  version: string
  manifestHash: string
  from: Environment
  to: Environment
  provedBy: RunId
}

export type PipelineEvent =
  | { type: 'PipelineCreated'; data: Named & ManifestVersion }
  | { type: 'ManifestVersioned'; data: Named & ManifestVersion }
  /** Nothing runs any more; what was stays. Its next version brings it back. */
  | { type: 'PipelineDeleted'; data: Named & { reason: string } }
  | { type: 'OverrideApplied'; data: Named & Override }
  | { type: 'OverrideRemoved'; data: Named & { number: number; scope: OverrideScope } }
  | { type: 'PromotionRequested'; data: Promotion & { approval: ApprovalNeeded } }
  | { type: 'PromotionRefused'; data: Promotion & { approvalId: string; reason: string } }
  | { type: 'PipelinePromoted'; data: Promotion & { approvalId: string | null } }
