import { createHash } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { beforeAll, expect, test } from 'vitest'
import {
  anEvent,
  collect,
  connect,
  events,
  failure,
  newDirectory,
  newStream,
  revisions,
  spawnNode,
  startNode,
  until,
} from './support.ts'

const marker = 'the-text-that-gets-damaged'

interface Ledger {
  readonly directory: string
  readonly stream: string
  readonly marked: string
  readonly position: bigint | undefined
}

/** A ledger with 3,002 events, one of which holds the marker; its node has ended with `how`. */
const build = async (how: 'stop' | 'kill'): Promise<Ledger> => {
  const node = await startNode()
  const client = connect(node.url)
  const [stream, marked] = [newStream(), newStream()]
  for (let n = 0; n < 10; n++) await client.appendToStream(stream, events(100))
  const written = await client.appendToStream(marked, anEvent('Tested', { marker }))
  for (let n = 0; n < 20; n++) await client.appendToStream(stream, events(100))
  await client.dispose()
  await node[how]()
  return { directory: node.directory, stream, marked, position: written.position?.commit }
}

let stopped: Ledger | undefined
let killed: Ledger | undefined
beforeAll(async () => {
  // One after the other: a client that goes away fails the pending appends of all clients of its process.
  stopped = await build('stop')
  killed = await build('kill')
})

/** A copy of one of the two, to be damaged. */
const ledger = (how: 'stop' | 'kill') => {
  const original = how === 'stop' ? stopped : killed
  if (original === undefined) throw new Error('the ledger was not built')
  const directory = newDirectory()
  cpSync(original.directory, directory, { recursive: true })
  return { ...original, directory, file: join(directory, 'ledger.db') }
}

const flip = (file: string, at: number): void => {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 0x55
  writeFileSync(file, bytes)
}

const change = (file: string, from: string, to: string): void => {
  const bytes = readFileSync(file)
  bytes.write(to, bytes.indexOf(from))
  writeFileSync(file, bytes)
}

const flipMarker = (file: string): void => {
  const at = readFileSync(file).indexOf(marker)
  expect(at).toBeGreaterThan(0)
  flip(file, at)
}

const hashes = (directory: string) =>
  readdirSync(directory)
    .filter((name) => !name.endsWith('-shm'))
    .map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
    ])

const refusal = async (directory: string) => {
  const before = hashes(directory)
  const { exited, output } = spawnNode(['--port', '0', '--dir', directory])
  expect(await exited).toBe(1)
  expect(output.stdout).toBe('')
  expect(output.stderr).toMatch(/^The ledger [^\n]* is damaged \([^\n]*\); restore it from a backup\.\n$/)
  expect(hashes(directory)).toEqual(before)
  return output.stderr
}

const check = async (directory: string) => {
  const { exited, output } = spawnNode(['--check', '--dir', directory])
  return { code: await exited, ...output }
}

test('--check of a sound ledger tells what it scanned and exits with 0', async () => {
  const { directory } = ledger('stop')
  expect(await check(directory)).toEqual({ code: 0, stdout: `Scanned 3002 records in ${directory}.\n`, stderr: '' })
  const node = await startNode({ directory })
  expect(await check(directory)).toMatchObject({ code: 0 })
  await node.stop()
  expect(await check(newDirectory())).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^There is no ledger in/),
  })
})

test('a damaged record is never served: its reads fail with its position, others go on', async () => {
  const { directory, file, stream, marked, position } = ledger('stop')
  flipMarker(file)
  const node = await startNode({ directory })
  const client = connect(node.url)
  const message = expect.stringContaining(`position ${position}`)
  expect(await failure(collect(client.readStream(marked)))).toMatchObject({ message })
  let served = 0n
  const readAll = async () => {
    for await (const { event } of client.readAll()) served = event?.position?.commit ?? 0n
  }
  expect(await failure(readAll())).toMatchObject({ message, code: status.DATA_LOSS })
  expect(served + 1n).toBe(position)
  expect(await failure(new Promise((_, fail) => client.subscribeToAll().on('error', fail).resume()))).toMatchObject({
    message,
  })
  expect(await revisions(client.readStream(stream))).toHaveLength(3000)
  await client.appendToStream(stream, events(1))
  expect(await failure(client.appendToStream(marked, events(1), { expectedRevision: 'no_stream' }))).toMatchObject({
    type: 'unknown',
  })
  await client.dispose()
  await node.stop()
})

test('the scrub finds a damaged record without being asked and tells its position', async () => {
  const { directory, file, position } = ledger('stop')
  flipMarker(file)
  const node = await startNode({ directory })
  await until(() => node.output.stderr.includes(`position ${position} is damaged`), 15_000)
  await node.stop()
})

test('--check lists the positions of damaged records and exits with 1', async () => {
  const { directory, file, position } = ledger('stop')
  flipMarker(file)
  const { code, stdout } = await check(directory)
  expect(code).toBe(1)
  expect(stdout).toContain(`The record at position ${position} is damaged.\n`)
  expect(stdout.match(/The record at/g)).toHaveLength(1)
})

test('--check finds a page that was overwritten', async () => {
  const { directory, file } = ledger('stop')
  const bytes = readFileSync(file)
  const page = Math.floor(bytes.indexOf(marker) / 4096)
  bytes.fill(0xaa, page * 4096, (page + 1) * 4096)
  writeFileSync(file, bytes)
  const { code, stdout } = await check(directory)
  expect(code).toBe(1)
  expect(stdout).toMatch(/SQLite reports|cannot be read/)
  expect(stdout).toMatch(/The record at position \d+ is damaged/)
})

test('a damaged newest record keeps the node from starting', async () => {
  const node = await startNode()
  const client = connect(node.url)
  await client.appendToStream(newStream(), anEvent('Tested', { marker }))
  await client.dispose()
  await node.stop()
  flipMarker(join(node.directory, 'ledger.db'))
  expect(await refusal(node.directory)).toContain('position 2')
})

test.each([
  ['a truncated file', (file: string) => truncateSync(file, statSync(file).size - 4096)],
  ['a file cut within a page', (file: string) => truncateSync(file, statSync(file).size - 100)],
  ['an empty file', (file: string) => truncateSync(file, 0)],
  ['a file of another kind', (file: string) => writeFileSync(file, 'not a database '.repeat(1000))],
  ['another magic', (file: string) => flip(file, 3)],
  ['a damaged schema', (file: string) => flip(file, readFileSync(file).indexOf('TABLE events'))],
  ['a column of another type', (file: string) => change(file, 'record BLOB NOT', 'record BLOC NOT')],
  ['another application’s file', (file: string) => flip(file, 69)],
])('%s keeps the node from starting and is left as it is', async (_, damage) => {
  const { directory, file } = ledger('stop')
  damage(file)
  await refusal(directory)
  expect((await check(directory)).code).toBe(1)
})

test('a write-ahead log damaged in the middle keeps the node from starting; a torn end does not', async () => {
  const { directory, file, stream } = ledger('kill')
  const log = `${file}-wal`
  expect(existsSync(log)).toBe(true)
  const bytes = readFileSync(log)
  flip(log, Math.floor(bytes.length / 2))
  expect(await refusal(directory)).toContain('write-ahead log')
  writeFileSync(log, bytes.subarray(0, bytes.length - 1000))
  const node = await startNode({ directory })
  const client = connect(node.url)
  expect((await revisions(client.readStream(stream))).length).toBeGreaterThanOrEqual(2900)
  await client.dispose()
  await node.stop()
})

test('a write-ahead log without its ledger keeps the node from starting', async () => {
  const { directory, file } = ledger('kill')
  const log = readFileSync(`${file}-wal`)
  const other = newDirectory()
  writeFileSync(join(other, 'ledger.db-wal'), log)
  const { exited, output } = spawnNode(['--port', '0', '--dir', other])
  expect(await exited).toBe(1)
  expect(output.stderr).toContain('is damaged')
  expect(existsSync(join(other, 'ledger.db'))).toBe(false)
  expect(directory).not.toBe(other)
})
