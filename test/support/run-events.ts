import type { DriftDetected, RunEvent, RunRequested, StageCompleted, StagedFile } from '../../src/domain/run/events.ts'
import type { Influence } from '../../src/domain/run/lineage.ts'
import { commandIdOf, partitionOf, pipelineOf, runOf, slugOf } from './ids.ts'

export const runId = runOf('r1')
/** The stages of every run here, in order. */
export const stages = ['extract', 'load'] as const
const startMs = Date.UTC(2026, 0, 1)
export const atTime = (seconds: number): string => new Date(startMs + seconds * 1_000).toISOString()
export const error = { code: 'STAGE_FAILED', message: 'it broke' }
export const cost = {
  computeSeconds: 1,
  bytesStored: 2,
  bytesMoved: 3,
  computeUsd: 0.1,
  storageUsd: 0.2,
  networkUsd: 0.3,
  totalUsd: 0.6,
}

export const fileOf = (name: string, bytes = 10): StagedFile => ({
  target: name,
  staged: `.staging/r1/1/${name}`,
  sha256: 'ab'.repeat(32),
  bytes,
})

/** The approval of a run that asks for one. */
export const needed = {
  approvalId: 'a1',
  commandHash: 'ef'.repeat(32),
  requestedBy: { pseudonym: 'alice', kind: 'person' as const, roles: ['operator'], authMethod: 'test' },
  required: [{ role: 'governance', count: 1 }],
  expiresAt: '2026-01-05T00:00:00.000Z',
}

export const requestOf = (over: Partial<RunRequested> = {}): RunRequested => ({
  runId,
  pipelineId: pipelineOf(1),
  pipeline: slugOf('flights'),
  manifestVersion: '1.0.0',
  manifestHash: 'cd'.repeat(32),
  engine: 'fake',
  stages: [...stages],
  partition: partitionOf('2001-01-01'),
  batchId: 'B1',
  requestedAt: atTime(0),
  parameters: {},
  retries: 2,
  retryDelaySeconds: 5,
  claim: commandIdOf(1),
  ...over,
})

export const requested = (over: Partial<RunRequested> = {}): RunEvent => ({
  type: 'RunRequested',
  data: requestOf(over),
})
export const queued = (attempt = 1): RunEvent => ({ type: 'RunQueued', data: { runId, engine: 'fake', attempt } })
export const rejected: RunEvent = { type: 'RunRejected', data: { runId, reason: 'its claim was taken over' } }
export const started = (attempt = 1, worker = 'box.1'): RunEvent => ({
  type: 'RunStarted',
  data: { runId, attempt, worker },
})
export const stageStarted = (stage: string, attempt = 1): RunEvent => ({
  type: 'StageStarted',
  data: { runId, attempt, stage },
})
export const stageCompleted = (stage: string, attempt = 1, over: Partial<StageCompleted> = {}): RunEvent => ({
  type: 'StageCompleted',
  data: {
    runId,
    attempt,
    stage,
    output: { rows: 3 },
    rows: 3,
    bytesRead: 100,
    bytesWritten: 10,
    computeMs: 500,
    files: [fileOf(`${stage}.parquet`)],
    ...over,
  },
})
export const stageFailed = (stage: string | null, attempt = 1): RunEvent => ({
  type: 'StageFailed',
  data: { runId, attempt, stage, error },
})
export const retryScheduled = (failures: number, dueAt: string): RunEvent => ({
  type: 'RunRetryScheduled',
  data: { runId, failures, dueAt },
})
export const lineageRecorded = (stage: string): RunEvent => ({
  type: 'LineageRecorded',
  data: { runId, stage, lineage: { inputs: [{ namespace: 'file', name: 'a' }], outputs: [] } },
})
export const columnsRecorded = (stage: string): RunEvent => {
  const [input, output] = [
    { namespace: 'file', name: 'a' },
    { namespace: 'file', name: 'b' },
  ]
  const of = (column: string, ...influences: Influence[]) => ({ ...input, column, influences })
  const columns = [
    { name: 'x', inputs: [of('x', 'IDENTITY'), of('y', 'CONDITIONAL')] },
    { name: 'z', inputs: [], unknown: true as const },
  ]
  const known = { output, columns, rows: [of('y', 'FILTER', 'SORT')] }
  const leftOut = { output: { namespace: 'file', name: 'c' }, columns: [], rows: [], leftOut: true as const }
  const lineage = { inputs: [input], outputs: [output, leftOut.output], columns: [known, leftOut] }
  return { type: 'LineageRecorded', data: { runId, stage, lineage } }
}
export const committed = (attempt = 1, files = stages.map((stage) => fileOf(`${stage}.parquet`))): RunEvent => ({
  type: 'OutputsCommitted',
  data: { runId, attempt, files },
})
export const costRecorded: RunEvent = { type: 'RunCostRecorded', data: { runId, cost } }
export const succeeded = (attempt = 1): RunEvent => ({ type: 'RunSucceeded', data: { runId, attempt } })
export const failed = (stage: string | null = 'extract'): RunEvent => ({
  type: 'RunFailed',
  data: { runId, stage, error },
})
export const paused: RunEvent = { type: 'RunPaused', data: { runId } }
export const resumed: RunEvent = { type: 'RunResumed', data: { runId } }
export const cancelRequested = (attempt: number, held: boolean): RunEvent => ({
  type: 'RunCancelRequested',
  data: { runId, engine: 'fake', attempt, held },
})
/** Columns of type BIGINT, unless another is given: `a`, `b:VARCHAR`. */
export const columnsOf = (...texts: string[]) =>
  texts.map((text) => {
    const [name = '', type = 'BIGINT'] = text.split(':')
    return { name, type }
  })
export const driftDetected = (sink = 'out', over: Partial<DriftDetected> = {}): RunEvent => ({
  type: 'DriftDetected',
  data: { runId, sink, since: runOf('r0'), added: columnsOf('c'), removed: columnsOf('a'), retyped: [], ...over },
})
export const canceled = (removed: string[] = []): RunEvent => ({ type: 'RunCanceled', data: { runId, removed } })

/** All of `stages`, begun and completed by one attempt. */
export const allStages = (attempt = 1): RunEvent[] =>
  stages.flatMap((stage) => [stageStarted(stage, attempt), stageCompleted(stage, attempt)])

/** Says of another run what the builders say of r1. */
export const ofRun = (run: string, events: readonly RunEvent[]): RunEvent[] =>
  events.map((event) => ({ ...event, data: { ...event.data, runId: runOf(run) } }) as RunEvent)
