import type { ApprovalNeeded } from '../approval/events.ts'
import type { PartitionKey, PipelineId, Slug } from '../ids.ts'
import type { JsonObject } from '../json.ts'
import type { Actor } from '../metadata.ts'
import type { Environment } from '../pipeline/environments.ts'

/** Many partitions of one pipeline, with one manifest, as one thing. */
export interface BackfillRequested {
  backfillId: string
  pipelineId: PipelineId
  pipeline: Slug
  environment: Environment
  manifestVersion: string
  manifestHash: string
  /** Numbers of the overrides that apply, in order. */
  overrides: number[]
  parameters: JsonObject
  /** In the order in which they are run; those that were left out are not among them. */
  partitions: PartitionKey[]
  /** That had succeeded already and are left out. */
  skipped: PartitionKey[]
  maxConcurrency: number
  requestedBy: Actor
  /** ISO time. */
  requestedAt: string
  approval?: ApprovalNeeded
}

export type PartitionOutcome = 'succeeded' | 'failed' | 'canceled' | 'rejected'

export type BackfillEvent =
  | { type: 'BackfillRequested'; data: BackfillRequested }
  /** From now on its runs are requested. */
  | { type: 'BackfillStarted'; data: { backfillId: string; approvalId: string | null } }
  | { type: 'BackfillRefused'; data: { backfillId: string; approvalId: string; reason: string } }
  | { type: 'BackfillPaused'; data: { backfillId: string } }
  | { type: 'BackfillResumed'; data: { backfillId: string } }
  | { type: 'BackfillCanceled'; data: { backfillId: string } }
  /** The last of its runs has ended. Counts add up to its partitions. */
  | { type: 'BackfillCompleted'; data: { backfillId: string; outcomes: Record<PartitionOutcome, number> } }
