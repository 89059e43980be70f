import { copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backup, checkAll } from '../../src/embedded/main.ts'
import { collect, connect, events, newDirectory, newStream, pause, spawnNode, startNode } from './support.ts'

test('a second process on the same directory waits 5 s, then refuses in one sentence', async () => {
  const first = await startNode()
  const before = readdirSync(first.directory)
  const start = Date.now()
  const second = spawnNode(['--port', '0', '--dir', first.directory])
  expect(await second.exited).toBe(1)
  expect(Date.now() - start).toBeGreaterThan(4500)
  expect(Date.now() - start).toBeLessThan(9000)
  expect(second.output.stderr).toBe(`The directory ${first.directory} is in use by another process.\n`)
  expect(readdirSync(first.directory)).toEqual(before)
  const client = connect(first.url)
  await client.appendToStream(newStream(), events(1))
  await client.dispose()
  await first.stop()
})

test('a successor takes over from a predecessor that dies within the wait', async () => {
  const first = await startNode()
  const client = connect(first.url)
  const stream = newStream()
  await client.appendToStream(stream, events(3))
  await client.dispose()
  const taking = startNode({ directory: first.directory })
  await pause(500)
  await first.kill()
  const second = await taking
  const again = connect(second.url)
  expect(await collect(again.readStream(stream))).toHaveLength(3)
  await again.dispose()
  await second.stop()
})

test('a backup is taken while the node writes, is compact and complete, and can be restored', async () => {
  const node = await startNode()
  const client = connect(node.url)
  const stream = newStream()
  await client.appendToStream(stream, events(200))
  let writing = true
  const writer = (async () => {
    while (writing) await client.appendToStream(newStream(), events(5))
  })()
  await pause(100)
  const file = join(newDirectory(), 'backup.db')
  backup(node.directory, file)
  const taken = statSync(file).size
  writing = false
  await writer
  expect(() => backup(node.directory, file)).toThrow(/exists already/)
  expect(statSync(file).size).toBe(taken)
  const directory = join(newDirectory(), 'restored')
  mkdirSync(directory)
  copyFileSync(file, join(directory, 'ledger.db'))
  const restored = await startNode({ directory })
  const reader = connect(restored.url)
  expect(await collect(reader.readStream(stream))).toEqual(await collect(client.readStream(stream)))
  const [all, live] = [await collect(reader.readAll()), await collect(client.readAll())]
  expect(all.length).toBeGreaterThan(200)
  expect(live.slice(0, all.length)).toEqual(all)
  await Promise.all([reader.dispose(), client.dispose()])
  await Promise.all([restored.stop(), node.stop()])
  expect(checkAll(directory)).toMatchObject({ records: all.length, problems: [], damaged: [] })
})
