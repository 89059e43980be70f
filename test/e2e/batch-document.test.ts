import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { type Service, startService, temporaryDir } from './service.ts'

const shell = promisify(execFile)
let service: Service
let client: BatchClient

beforeAll(async () => {
  service = await startService({ DATA_DIR: await temporaryDir('document') })
  client = new BatchClient(service.url)
  const seeded = await client.trigger('full_scoring_pipeline', { batch_id: 'BATCH_001', run_id: 'run_abc123' })
  expect(seeded.status).toBe(200)
  await client.finished('run_abc123')
})

afterAll(async () => {
  expect(await service.stop()).toBe(0)
})

/** The document's command as it stands, but for the port. */
const curl = async (command: string): Promise<Record<string, unknown>> => {
  const local = command.replace('http://localhost:8000', service.url)
  const { stdout } = await shell('bash', ['-c', local.replace('curl ', 'curl -s ')])
  return JSON.parse(stdout) as Record<string, unknown>
}

test("the document's status example has the same keys in ours", async () => {
  const status = await curl('curl http://localhost:8000/api/pipeline/status/run_abc123')
  expect(Object.keys(status)).toEqual([
    'run_id',
    'pipeline',
    'status',
    'batch_id',
    'started_at',
    'ended_at',
    'duration_seconds',
    'assets',
  ])
  expect(status).toMatchObject({ run_id: 'run_abc123', pipeline: 'full_scoring_pipeline', status: 'SUCCESS' })
  const assets = status.assets as Record<string, Record<string, unknown>>
  const outputs = Object.entries(assets).map(([name, asset]) => [name, Object.keys(asset.output as object)])
  expect(outputs).toEqual([
    ['ingest_synthetic_batch', ['parties_created']],
    ['extract_features', ['features_extracted']],
    ['score_batch', ['parties_scored']],
    ['generate_scorecard_labels', ['labels_generated']],
    ['train_model_asset', ['model_id', 'auc_roc']],
    ['refine_scorecard', ['new_version']],
  ])
  for (const asset of Object.values(assets)) {
    expect(Object.keys(asset)).toEqual(['status', 'started_at', 'ended_at', 'output'])
  }
  expect(assets.ingest_synthetic_batch?.output).toEqual({ parties_created: 100 })
  expect(assets.extract_features?.output).toEqual({ features_extracted: 1600 })
  expect(assets.train_model_asset?.output).toMatchObject({ model_id: 'model_BATCH_001' })
})

test("the document's trigger example starts a run", async () => {
  const answer = await curl(`curl -X POST http://localhost:8000/api/pipeline/trigger/full_scoring_pipeline \\
  -H "Content-Type: application/json" \\
  -d '{"batch_id": "BATCH_001"}'`)
  expect(Object.keys(answer)).toEqual(['run_id', 'pipeline', 'status', 'batch_id', 'started_at'])
  expect(answer).toMatchObject({ pipeline: 'full_scoring_pipeline', status: 'STARTED', batch_id: 'BATCH_001' })
  expect(answer.started_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  expect((await client.finished(String(answer.run_id))).status).toBe('SUCCESS')
})

test("the document's list example lists failures", async () => {
  const failed = await client.triggered('scoring_pipeline', 'BATCH_404')
  await client.finished(failed)
  const list = await curl('curl "http://localhost:8000/api/pipeline/runs?status=FAILURE&limit=10"')
  expect(Object.keys(list)).toEqual(['runs', 'total', 'page', 'per_page'])
  expect(list).toMatchObject({ total: 1, page: 1, per_page: 10 })
  const [run] = list.runs as Record<string, unknown>[]
  expect(Object.keys(run ?? {})).toEqual([
    'run_id',
    'pipeline',
    'status',
    'batch_id',
    'started_at',
    'duration_seconds',
    'error',
  ])
  expect(run).toMatchObject({ run_id: failed, status: 'FAILURE', error: 'Batch not found' })
})

test("the document's cancel example answers, and an ended run is no longer to be canceled", async () => {
  const refused = await curl('curl -X POST http://localhost:8000/api/pipeline/cancel/run_abc123')
  expect(refused).toMatchObject({ status: 'error', error: { code: 'RUN_NOT_ACTIVE' } })
  const runId = await client.triggered('full_scoring_pipeline', 'BATCH_002')
  const answer = await curl(`curl -X POST http://localhost:8000/api/pipeline/cancel/${runId}`)
  expect(answer).toEqual({ run_id: runId, status: 'CANCELING', message: 'Pipeline cancellation requested' })
  expect((await client.finished(runId)).status).toBe('CANCELED')
})

test('each documented configuration is taken', async () => {
  const full = { scorecard_version: 'v1', observation_window_days: 180, blend_factor: 0.5 }
  const runId = await client.triggered('full_scoring_pipeline', 'BATCH_003', full)
  expect((await client.finished(runId)).status).toBe('SUCCESS')
  const training = { test_size: 0.2, min_samples: 100, auc_threshold: 0.6 }
  const trained = await client.finished(await client.triggered('ml_training_pipeline', 'BATCH_003', training))
  expect(trained.status).toBe('SUCCESS')
})

test("too few samples fail with the document's error", async () => {
  await client.finished(await client.triggered('ingest_pipeline', 'BATCH_050', { parties: 50 }))
  const run = await client.finished(await client.triggered('ml_training_pipeline', 'BATCH_050', { min_samples: 100 }))
  expect(run.status).toBe('FAILURE')
  expect(run.error).toEqual({
    code: 'PIPELINE_FAILED',
    message: 'Pipeline execution failed',
    details: { failed_asset: 'train_model_asset', error: 'Insufficient samples: 50 < 100' },
  })
})

test("a pipeline or run that is unknown gets the document's 404", async () => {
  const pipeline = await client.trigger('invalid_pipeline', { batch_id: 'B' })
  expect(pipeline.status).toBe(404)
  expect(await pipeline.json()).toEqual({
    status: 'error',
    error: { code: 'PIPELINE_NOT_FOUND', message: "Pipeline 'invalid_pipeline' not found" },
  })
  const run = await fetch(`${service.url}/api/pipeline/status/run_invalid`)
  expect(run.status).toBe(404)
  expect(await run.json()).toEqual({
    status: 'error',
    error: { code: 'RUN_NOT_FOUND', message: "Pipeline run 'run_invalid' not found" },
  })
})

test('an Idempotency-Key makes the second request the first', async () => {
  const headers = { 'Idempotency-Key': '"once"' }
  const first = await client.trigger('ingest_pipeline', { batch_id: 'BATCH_KEY' }, headers)
  const second = await client.trigger('ingest_pipeline', { batch_id: 'BATCH_KEY' }, headers)
  expect(await second.text()).toBe(await first.text())
  const other = await client.trigger('ingest_pipeline', { batch_id: 'BATCH_OTHER' }, headers)
  expect(other.status).toBe(422)
})
