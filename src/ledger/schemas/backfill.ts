import { z } from 'zod'
import { environments } from '../../domain/pipeline/environments.ts'
import { actor } from './actor.ts'
import { approvalNeeded } from './approval.ts'
import { count, jsonObject, partitionKey, pipelineId, slug } from './common.ts'

const backfillId = z.string()

export const backfillSchemas = {
  BackfillRequested: z.object({
    backfillId,
    pipelineId,
    pipeline: slug,
    environment: z.enum(environments),
    manifestVersion: z.string(),
    manifestHash: z.string(),
    overrides: z.array(count),
    parameters: jsonObject,
    partitions: z.array(partitionKey),
    skipped: z.array(partitionKey),
    maxConcurrency: count,
    requestedBy: actor,
    requestedAt: z.string(),
    approval: approvalNeeded.exactOptional(),
  }),
  BackfillStarted: z.object({ backfillId, approvalId: z.string().nullable() }),
  BackfillRefused: z.object({ backfillId, approvalId: z.string(), reason: z.string() }),
  BackfillPaused: z.object({ backfillId }),
  BackfillResumed: z.object({ backfillId }),
  BackfillCanceled: z.object({ backfillId }),
  BackfillCompleted: z.object({
    backfillId,
    outcomes: z.object({ succeeded: count, failed: count, canceled: count, rejected: count }),
  }),
}
