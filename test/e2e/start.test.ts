import { mkdir, open, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BatchClient } from './batch-client.ts'
import { Service, startService, temporaryDir } from './service.ts'

/** Runs `serve` to its end, and holds it to one plain sentence and exit code 1. */
const refusal = async (env: Record<string, string>): Promise<string> => {
  const service = new Service(['serve'], env)
  expect(await service.exited()).toBe(1)
  expect(service.stdout).not.toContain('ledgerline ready')
  const sentence = service.stderr.trim()
  expect(sentence.split('\n')).toHaveLength(1)
  expect(sentence).not.toMatch(/\bat .*:\d+:\d+/)
  return sentence
}

test('a port in use is said before anything is changed', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const dataDir = join(await temporaryDir('port'), 'data')
  expect(await refusal({ PORT: String(port), DATA_DIR: dataDir })).toBe(`port ${port} of 127.0.0.1 is in use`)
  await expect(stat(dataDir)).rejects.toThrow('ENOENT')
  server.close()
})

test('a directory that cannot be written is named', async () => {
  const file = join(await temporaryDir('file'), 'taken')
  await writeFile(file, 'a file, no directory')
  expect(await refusal({ DATA_DIR: file })).toContain(`the directory ${file} cannot be written`)
})

test('a second process on one directory is refused', async () => {
  const dataDir = await temporaryDir('second')
  const first = await startService({ DATA_DIR: dataDir })
  expect(await refusal({ DATA_DIR: dataDir })).toBe(`the directory ${dataDir} is in use by another ledgerline process`)
  expect((await fetch(`${first.url}/ready`)).status).toBe(200)
  expect(await first.stop()).toBe(0)
})

test('a damaged ledger file is said, and left as it is', async () => {
  const dataDir = await temporaryDir('damaged')
  const first = await startService({ DATA_DIR: dataDir })
  await first.stop()
  const ledgerDir = join(dataDir, 'ledger')
  const names = await readdir(ledgerDir)
  const largest = (
    await Promise.all(names.map(async (name) => ({ name, size: (await stat(join(ledgerDir, name))).size })))
  ).sort((a, b) => b.size - a.size)[0]
  const path = join(ledgerDir, largest?.name ?? '')
  const file = await open(path, 'r+')
  await file.write(Buffer.alloc(100, 0xff), 0, 100, 0)
  await file.close()
  const before = (await stat(path)).mtimeMs
  expect((await refusal({ DATA_DIR: dataDir })).toLowerCase()).toContain('damaged')
  expect((await stat(path)).mtimeMs).toBe(before)
})

test('a wrong variable is named', async () => {
  expect(await refusal({ PORT: 'eighty' })).toBe('PORT: must be a whole number')
})

test('a wrong manifest is said with file, path and reason, and the rest still loads', async () => {
  const dir = await temporaryDir('manifests')
  const pipelines = join(dir, 'pipelines')
  await mkdir(pipelines)
  await writeFile(
    join(pipelines, 'good.yaml'),
    'name: good\nversion: 1.0.0\ntransformations: [{ name: one, type: sql, sql: "select 1 n" }]\n',
  )
  await writeFile(
    join(pipelines, 'bad.yaml'),
    'name: bad\nversion: 1.0.0\ntransformations: [{ name: one, type: sequel }]\n',
  )
  const service = await startService({ DATA_DIR: join(dir, 'data'), PIPELINES_DIR: pipelines })
  const complaint = service.stdout.split('\n').find((line) => line.includes('bad.yaml'))
  expect(JSON.parse(complaint ?? '{}')).toMatchObject({ level: 'error', file: expect.stringContaining('bad.yaml') })
  expect(complaint).toContain('transformations')
  const client = new BatchClient(service.url)
  expect((await client.finished(await client.triggered('good', 'B1'))).status).toBe('SUCCESS')
  await service.stop()
})

test('a manifest becomes an event once, and again only when it changes', async () => {
  const dir = await temporaryDir('versions')
  const pipelines = join(dir, 'pipelines')
  await mkdir(pipelines)
  const write = (sql: string) =>
    writeFile(
      join(pipelines, 'p.yaml'),
      `name: p\nversion: 1.0.0\ntransformations: [{ name: one, type: sql, sql: "${sql}" }]\n`,
    )
  const changedAtStart = async (): Promise<string[]> => {
    const service = await startService({ DATA_DIR: join(dir, 'data'), PIPELINES_DIR: pipelines })
    await service.stop()
    const line = service.stdout.split('\n').find((text) => text.includes('pipelines read'))
    return (JSON.parse(line ?? '{}') as { changed: string[] }).changed
  }
  await write('select 1 n')
  expect(await changedAtStart()).toHaveLength(1)
  expect(await changedAtStart()).toHaveLength(0)
  await write('select 2 n')
  expect(await changedAtStart()).toHaveLength(1)
})

test.each(['--port', '9000'])('ledgerline serve %s is refused, and nothing is started', async (argument) => {
  const service = new Service(['serve', argument], {})
  expect([await service.exited(), service.stderr]).toEqual([
    1,
    `serve takes no arguments, but variables (docs/operating.md): '${argument}'\n`,
  ])
})
