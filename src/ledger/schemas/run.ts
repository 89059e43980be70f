import { z } from 'zod'
import { environments } from '../../domain/pipeline/environments.ts'
import { influences } from '../../domain/run/lineage.ts'
import { approvalNeeded } from './approval.ts'
import { commandId, count, jsonObject, partitionKey, pipelineId, runId, slug } from './common.ts'

const error = z.object({ code: z.string(), message: z.string() })
const file = z.object({
  target: z.string(),
  staged: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: count,
})
const dataset = z.object({ namespace: z.string(), name: z.string() })
const columnInput = dataset.extend({ column: z.string(), influences: z.array(z.enum(influences)) })
const outputColumn = z.object({
  name: z.string(),
  inputs: z.array(columnInput),
  unknown: z.literal(true).exactOptional(),
})
const columnLineage = z.object({
  output: dataset,
  columns: z.array(outputColumn),
  rows: z.array(columnInput),
  leftOut: z.literal(true).exactOptional(),
})
const lineage = z.object({
  inputs: z.array(dataset),
  outputs: z.array(dataset),
  columns: z.array(columnLineage).exactOptional(),
})
const attempt = count
const column = z.object({ name: z.string(), type: z.string() })

const cost = z.object({
  computeSeconds: z.number(),
  bytesStored: count,
  bytesMoved: count,
  computeUsd: z.number(),
  storageUsd: z.number(),
  networkUsd: z.number(),
  totalUsd: z.number(),
})

const replayOf = z.object({ runId, contract: z.string().nullable() })
const requested = z.object({
  runId,
  pipelineId,
  pipeline: slug,
  manifestVersion: z.string(),
  manifestHash: z.string(),
  engine: z.string(),
  stages: z.array(z.string()),
  partition: partitionKey.nullable(),
  batchId: z.string().nullable(),
  requestedAt: z.string(),
  parameters: jsonObject,
  retries: count,
  retryDelaySeconds: z.number().nonnegative(),
  claim: commandId.nullable(),
  environment: z.enum(environments).exactOptional(),
  overrides: z.array(count).exactOptional(),
  replayOf: replayOf.exactOptional(),
  backfillId: z.string().exactOptional(),
  approval: approvalNeeded.exactOptional(),
})

const due = z.object({ runId, engine: z.string(), attempt })

const rejectedRows = z.object({
  check: z.string(),
  table: z.string(),
  reason: z.string(),
  rows: count,
  file: z.string(),
})

const stageCompleted = z.object({
  runId,
  attempt,
  stage: z.string(),
  output: jsonObject,
  rows: count,
  bytesRead: count,
  bytesWritten: count,
  computeMs: z.number().nonnegative(),
  files: z.array(file),
  schema: z.array(z.object({ sink: z.string(), columns: z.array(column) })).exactOptional(),
  rejected: z.array(rejectedRows).exactOptional(),
})

const driftDetected = z.object({
  runId,
  sink: z.string(),
  since: runId,
  added: z.array(column),
  removed: z.array(column),
  retyped: z.array(z.object({ name: z.string(), from: z.string(), to: z.string() })),
})

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const replayReconciled = z.object({
  runId,
  replayOf: runId,
  stages: z.array(z.object({ stage: z.string(), rowsBefore: count.nullable(), rowsAfter: count })),
  files: z.array(z.object({ target: z.string(), sha256Before: sha256.nullable(), sha256After: sha256 })),
  isSame: z.boolean(),
})

export const runSchemas = {
  RunRequested: requested,
  RunQueued: due,
  RunRejected: z.object({ runId, reason: z.string() }),
  RunStarted: z.object({ runId, attempt, worker: z.string() }),
  StageStarted: z.object({ runId, attempt, stage: z.string() }),
  StageCompleted: stageCompleted,
  StageFailed: z.object({ runId, attempt, stage: z.string().nullable(), error }),
  RunRetryScheduled: z.object({ runId, failures: count, dueAt: z.string() }),
  LineageRecorded: z.object({ runId, stage: z.string(), lineage }),
  OutputsCommitted: z.object({ runId, attempt, files: z.array(file) }),
  RunCostRecorded: z.object({ runId, cost }),
  RunSucceeded: z.object({ runId, attempt }),
  RunFailed: z.object({ runId, stage: z.string().nullable(), error }),
  RunPaused: z.object({ runId }),
  RunResumed: z.object({ runId }),
  RunCancelRequested: due.extend({ held: z.boolean() }),
  RunCanceled: z.object({ runId, removed: z.array(z.string()) }),
  DriftDetected: driftDetected,
  ReplayReconciled: replayReconciled,
}
