import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { readLedger } from './ledger-facts.ts'
import { Service, startNode, startService, temporaryDir } from './service.ts'

test('a backup made while runs are in flight starts as a ledger, and holds what was acknowledged before it', async () => {
  const dir = await temporaryDir('backup')
  const dataDir = join(dir, 'data')
  const service = await startService({ DATA_DIR: dataDir })
  const client = new BatchClient(service.url)
  const before = await client.triggered('ingest_pipeline', 'BATCH_001')
  await client.triggered('full_scoring_pipeline', 'BATCH_002')

  const file = join(dir, 'copy.db')
  const backup = new Service(['backup', '--to', file], { DATA_DIR: dataDir })
  expect(await backup.exited()).toBe(0)
  expect(backup.stdout).toBe(`ledgerline backup written to ${file}\n`)
  const again = new Service(['backup', '--to', file], { DATA_DIR: dataDir })
  expect(await again.exited()).toBe(1)
  expect(again.stderr).toContain('exists already')
  await service.stop()

  await mkdir(join(dir, 'restored'))
  await rename(file, join(dir, 'restored', 'ledger.db'))
  const node = await startNode(join(dir, 'restored'))
  const facts = await readLedger(node.url)
  await node.stop()
  const original = await startNode(join(dataDir, 'ledger'))
  const all = await readLedger(original.url)
  await original.stop()
  expect(facts.some(({ type, data }) => type === 'RunRequested' && `run_${String(data.runId)}` === before)).toBe(true)
  expect(facts).toEqual(all.slice(0, facts.length))
})
