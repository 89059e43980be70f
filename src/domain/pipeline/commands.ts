import type { ApprovalNeeded } from '../approval/events.ts'
import type { PipelineId, RunId, Slug } from '../ids.ts'
import type { JsonObject } from '../json.ts'
import type { Environment } from './environments.ts'
import type { OverrideScope } from './events.ts'
import type { Manifest } from './manifest.ts'

interface Given {
  pipelineId: PipelineId
  slug: Slug
  manifest: Manifest
  manifestHash: string
}

/** Creates the pipeline, or gives it a new version; the manifest that it already has is nothing to do. */
export type RegisterManifest = { type: 'RegisterManifest' } & Given

export type PipelineCommand =
  | RegisterManifest
  | ({ type: 'CreatePipeline' } & Given)
  /** `ifMatch`: the number of the version that the caller has seen; null where it does not say. */
  | ({ type: 'UpdateManifest'; ifMatch: number | null } & Given)
  | { type: 'DeletePipeline'; pipelineId: PipelineId; ifMatch: number | null; reason: string }
  | { type: 'ApplyOverride'; pipelineId: PipelineId; scope: OverrideScope; patch: JsonObject }
  | { type: 'RemoveOverride'; pipelineId: PipelineId; scope: OverrideScope }
  | {
      type: 'PromotePipeline'
      pipelineId: PipelineId
      number: number
      to: Environment
      provedBy: RunId
      approval: ApprovalNeeded | null
    }
  | { type: 'ReleasePromotion'; pipelineId: PipelineId; approvalId: string; commandHash: string }
  | { type: 'RefusePromotion'; pipelineId: PipelineId; approvalId: string; reason: string }
