import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { startService, temporaryDir } from './service.ts'

test('without views.db the service answers every batch GET as before, to the byte', async () => {
  const dataDir = await temporaryDir('rebuild')
  const first = await startService({ DATA_DIR: dataDir })
  const client = new BatchClient(first.url)
  const runs = [
    await client.triggered('full_scoring_pipeline', 'BATCH_001'),
    await client.triggered('scoring_pipeline', 'BATCH_404'),
    await client.triggered('flights-daily', '2001-01-01'),
    await client.triggered('ingest_pipeline', 'BATCH_002'),
  ]
  await client.cancel(runs[3] ?? '')
  for (const runId of runs) await client.finished(runId)
  const paths = [
    ...runs.flatMap((runId) => [`/api/pipeline/status/${runId}`, `/history/runs/${runId}`]),
    '/api/pipeline/runs',
    '/api/pipeline/runs?limit=2&page=2',
    '/api/pipeline/runs?status=FAILURE',
    '/api/pipeline/runs?pipeline=flights-daily',
    '/api/pipeline/runs?batch_id=BATCH_001',
  ]
  const before = await Promise.all(paths.map((path) => client.text(path)))
  expect(await first.stop()).toBe(0)

  for (const suffix of ['', '-wal', '-shm']) await rm(join(dataDir, `views.db${suffix}`), { force: true })
  const second = await startService({ DATA_DIR: dataDir })
  const again = new BatchClient(second.url)
  expect(await Promise.all(paths.map((path) => again.text(path)))).toEqual(before)
  await second.stop()
})

test('a damaged views.db is built again, and nothing is lost', async () => {
  const dataDir = await temporaryDir('views')
  const first = await startService({ DATA_DIR: dataDir })
  const client = new BatchClient(first.url)
  await client.finished(await client.triggered('ingest_pipeline', 'BATCH_001'))
  const before = await client.text('/api/pipeline/runs')
  await first.stop()
  for (const suffix of ['-wal', '-shm']) await rm(join(dataDir, `views.db${suffix}`), { force: true })
  await writeFile(join(dataDir, 'views.db'), 'x'.repeat(10_000))
  const second = await startService({ DATA_DIR: dataDir })
  expect(second.stdout).toContain('the views are damaged and are built again')
  expect(await new BatchClient(second.url).text('/api/pipeline/runs')).toBe(before)
  await second.stop()
})
