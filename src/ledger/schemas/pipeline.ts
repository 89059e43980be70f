import { z } from 'zod'
import { environments } from '../../domain/pipeline/environments.ts'
import { overrideScopes } from '../../domain/pipeline/events.ts'
import type { Manifest } from '../../domain/pipeline/manifest.ts'
import { approvalNeeded } from './approval.ts'
import { count, jsonObject, pipelineId, runId, slug } from './common.ts'

/** A manifest was validated before it became an event, and `manifestHash` vouches for it since. */
const manifest = z.custom<Manifest>(
  (value) => typeof value === 'object' && value !== null && 'name' in value && 'transformations' in value,
  'not a manifest',
)

const version = z.object({ pipelineId, slug, number: count, version: z.string(), manifestHash: z.string(), manifest })
const scope = z.enum(overrideScopes)
const environment = z.enum(environments)

const promotion = z.object({
  pipelineId,
  slug,
  number: count,
  version: z.string(),
  manifestHash: z.string(),
  from: environment,
  to: environment,
  provedBy: runId,
})

export const pipelineSchemas = {
  PipelineCreated: version,
  ManifestVersioned: version,
  PipelineDeleted: z.object({ pipelineId, slug, reason: z.string() }),
  OverrideApplied: z.object({ pipelineId, slug, number: count, scope, patch: jsonObject }),
  OverrideRemoved: z.object({ pipelineId, slug, number: count, scope }),
  PromotionRequested: promotion.extend({ approval: approvalNeeded }),
  PromotionRefused: promotion.extend({ approvalId: z.string(), reason: z.string() }),
  PipelinePromoted: promotion.extend({ approvalId: z.string().nullable() }),
}
