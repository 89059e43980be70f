import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BatchClient } from '../e2e/batch-client.ts'
import { filesBelow, readLedger } from '../e2e/ledger-facts.ts'
import { drillPipelines, pause, startNode, startService, temporaryDir } from '../e2e/service.ts'

test('a worker that was stopped past its lease and goes on changes nothing', async () => {
  const dir = await temporaryDir('stopped')
  const node = await startNode(join(dir, 'ledger'))
  const replica = (name: string, runLeaseMs: number) =>
    startService({
      DATA_DIR: join(dir, name),
      EVENTSTORE_URL: node.url,
      TENANTS_DIR: join(dir, 'tenants'),
      PIPELINES_DIR: drillPipelines,
      RUN_LEASE_MS: String(runLeaseMs),
    })
  const first = await replica('a', 1_000)
  const before = new BatchClient(first.url)
  const runId = await before.triggered('drill-slow', 'P1')
  await before.until(runId, ({ assets }) => assets.wait?.status === 'STARTED')
  first.signal('SIGSTOP')

  const second = await replica('b', 1_000)
  const after = new BatchClient(second.url)
  expect((await after.finished(runId)).status).toBe('SUCCESS')
  const factsBefore = await readLedger(node.url)
  const filesBefore = await filesBelow(join(dir, 'tenants/default'), 'slow')

  first.signal('SIGCONT')
  await first.says(/an attempt was left.*(STALE_ATTEMPT|RUN_NOT_ACTIVE)/)
  await pause(500)
  const own = (facts: Awaited<ReturnType<typeof readLedger>>) => facts.filter(({ stream }) => stream.startsWith('run-'))
  expect(own(await readLedger(node.url))).toEqual(own(factsBefore))
  expect(await filesBelow(join(dir, 'tenants/default'), 'slow')).toEqual(filesBefore)
  expect(
    (await after.history(runId)).filter(({ type }) => type === 'RunStarted').map(({ data }) => data.attempt),
  ).toEqual([1, 2])
  await first.stop()
  await second.stop()
  await node.stop()
})

test('a run is canceled while a stage is at work, and what was staged is removed', async () => {
  const dataDir = await temporaryDir('cancel')
  const service = await startService({ DATA_DIR: dataDir, PIPELINES_DIR: drillPipelines })
  const client = new BatchClient(service.url)
  const runId = await client.triggered('drill-slow', 'P1')
  await client.until(runId, ({ assets }) => assets.wait?.status === 'STARTED')
  const askedAt = Date.now()
  expect((await client.cancel(runId)).status).toBe(200)
  expect((await client.finished(runId)).status).toBe('CANCELED')
  expect(Date.now() - askedAt).toBeLessThan(2_000)
  const canceled = (await client.history(runId)).find(({ type }) => type === 'RunCanceled')
  expect(canceled?.data.removed).not.toEqual([])
  await expect(filesBelow(join(dataDir, 'tenants/default'), 'slow')).rejects.toThrow('ENOENT')
  await service.stop()
})
