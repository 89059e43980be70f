import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { startService, temporaryDir } from './service.ts'

const manifest = `
name: people
version: 1.0.0
sources: { people: { type: csv, path: people.csv } }
transformations:
  - { name: towns, type: sql, sql: "select town, count(*) n from people group by all order by all" }
sinks:
  people: { type: csv, from: people, path: "people/{partition}.csv" }
  towns: { type: json, from: towns, path: "towns/{partition}.json" }
quality_checks:
  - { name: named, type: not_null, on: people, column: name, on_failure: reject, max_rejected_share: 0.5 }
  - { name: once, type: unique, on: people, column: name, on_failure: reject }
  - { name: has_rows, type: row_count, on: people, min: 1 }
orchestration: { partition: { type: any } }
`

const open = async () => {
  const dataDir = await temporaryDir('rejected')
  const pipelinesDir = join(dataDir, 'pipelines')
  const folder = join(dataDir, 'tenants', 'default')
  await mkdir(pipelinesDir)
  await mkdir(folder, { recursive: true })
  await writeFile(join(pipelinesDir, 'people.yaml'), manifest)
  const service = await startService({ DATA_DIR: dataDir, PIPELINES_DIR: pipelinesDir })
  onTestFinished(async () => void (await service.stop()))
  const client = new BatchClient(service.url)
  const run = async (batch: string, csv: string) => {
    await writeFile(join(folder, 'people.csv'), csv)
    return client.finished(await client.triggered('people', batch))
  }
  return { client, run, read: (path: string) => readFile(join(folder, path), 'utf8') }
}

test('a run with faulty rows succeeds: its sinks have the others only, and each fault is in a file of its check', async () => {
  const { client, run, read } = await open()
  const ended = await run('b1', 'name,town\nAda,Oslo\n,Rome\nAlan,Rome\nAda,Rome\n')
  expect(ended).toMatchObject({
    status: 'SUCCESS',
    assets: { quality_checks: { output: { checks: 3, passed: 1, rejected: { named: 1, once: 1 } } } },
  })
  expect(await read('people/b1.csv')).toBe('name,town\nAda,Oslo\nAlan,Rome\n')
  expect(JSON.parse(await read('towns/b1.json'))).toEqual([
    { town: 'Oslo', n: 1 },
    { town: 'Rome', n: 1 },
  ])
  const id = String(ended.run_id).replace(/^run_/, '')
  expect(await read(`rejected/people/${id}/named.ndjson`)).toBe('{"name":null,"town":"Rome"}\n')
  expect(await read(`rejected/people/${id}/once.ndjson`)).toBe('{"name":"Ada","town":"Rome"}\n')
  const completed = (await client.history(String(ended.run_id))).filter(({ type }) => type === 'StageCompleted')
  expect(completed.flatMap(({ data }) => data.rejected ?? [])).toEqual([
    {
      check: 'named',
      table: 'people',
      reason: '1 of 4 rows have no name',
      rows: 1,
      file: `rejected/people/${id}/named.ndjson`,
    },
    {
      check: 'once',
      table: 'people',
      reason: '1 of 3 rows repeat an earlier name',
      rows: 1,
      file: `rejected/people/${id}/once.ndjson`,
    },
  ])
})

test('a run with more faulty rows than its check allows fails, and publishes nothing', async () => {
  const { run, read } = await open()
  expect(await run('b2', 'name,town\nAda,Oslo\n,Rome\n,Rome\n')).toMatchObject({
    status: 'FAILURE',
    error: { details: { failed_asset: 'quality_checks' } },
  })
  await expect(read('people/b2.csv')).rejects.toThrow('ENOENT')
})
