import { readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { appendMessage, appendOptions, rawStreams } from './raw.ts'
import {
  anEvent,
  connect,
  events,
  failure,
  newDirectory,
  newStream,
  pause,
  spawnNode,
  startNode,
  until,
} from './support.ts'

const oneSentence = /^[A-Z][^\n]*\.\n$/

/** Runs a node that is expected to refuse. */
const refused = async (args: string[], env: Record<string, string> = {}) => {
  const { exited, output } = spawnNode(args, env)
  const code = await exited
  return { code, ...output }
}

test('when ready it prints exactly one line with its address', async () => {
  const node = await startNode()
  expect(node.output.stdout).toBe(`ledgerline node ready ${node.url}\n`)
  await node.stop()
  expect(node.output).toEqual({ stdout: `ledgerline node ready ${node.url}\n`, stderr: '' })
})

test('SIGTERM ends subscriptions with cancelled, answers what is committed and exits with 0', async () => {
  const node = await startNode()
  const client = connect(node.url)
  const errors: unknown[] = []
  const subscription = client.subscribeToAll()
  subscription.on('error', (error) => errors.push(error)).resume()
  const stream = newStream()
  await client.appendToStream(stream, events(1))
  const writes = Array.from({ length: 50 }, () => client.appendToStream(newStream(), events(1)))
  const exit = node.stop()
  const settled = await Promise.allSettled(writes)
  expect(await exit).toBe(0)
  expect(errors).toMatchObject([{ type: 'cancelled' }])
  await client.dispose()
  const acknowledged = settled.filter(({ status }) => status === 'fulfilled').length
  const again = await startNode({ directory: node.directory })
  const reader = connect(again.url)
  let stored = 0
  for await (const { event } of reader.readAll()) if (event?.type === 'Tested') stored++
  expect(stored).toBeGreaterThanOrEqual(acknowledged + 1)
  await reader.dispose()
  await again.stop()
})

test('SIGTERM ends an append that is still being sent with unavailable', async () => {
  const node = await startNode()
  const stub = rawStreams(node.url)
  const code = new Promise((resolve) => {
    const call = stub.append((error) => resolve(error?.code))
    call.on('error', () => undefined)
    call.write(appendOptions(newStream()))
    call.write(appendMessage())
  })
  await pause(100)
  const exit = node.stop()
  expect(await code).toBe(14)
  expect(await exit).toBe(0)
  stub.close()
})

test('a client that does not read does not keep the node from ending', async () => {
  const node = await startNode()
  const client = connect(node.url)
  const text = 'x'.repeat(50_000)
  for (let n = 0; n < 20; n++) await client.appendToStream(newStream(), anEvent('Tested', { text }))
  const subscription = client.subscribeToAll()
  subscription.on('error', () => undefined).pause()
  await pause(200)
  const start = Date.now()
  expect(await node.stop()).toBe(0)
  expect(Date.now() - start).toBeLessThan(4000)
})

test('it ends with its parent when asked to: when standard input closes', async () => {
  const node = await startNode()
  node.child.stdin?.end()
  expect(await node.exited).toBe(0)
  const patient = await startNode({ args: [] })
  patient.child.stdin?.end()
  await pause(200)
  expect(patient.child.exitCode).toBeNull()
  await patient.stop()
})

test('a port in use is one sentence and exit code 1, and the directory stays as it was', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await until(() => server.listening)
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const directory = newDirectory()
  const { code, stdout, stderr } = await refused(['--port', String(port), '--dir', directory])
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(oneSentence)
  expect(stderr).toContain(`Port ${port}`)
  expect(readdirSync(directory)).toEqual([])
  server.close()
})

test('a directory that cannot be written to is one sentence and exit code 1', async () => {
  const file = join(newDirectory(), 'file')
  writeFileSync(file, 'content')
  for (const directory of [file, join(file, 'below')]) {
    const { code, stderr } = await refused(['--port', '0', '--dir', directory])
    expect(code).toBe(1)
    expect(stderr).toBe(`The directory ${directory} cannot be written to.\n`)
  }
})

test.each([[['--port', '0']], [['--port', '70000', '--dir', 'x']], [['--port', '0', '--dir', 'x', '--unknown']]])(
  '%o is refused in one sentence',
  async (args) => {
    const { code, stderr } = await refused(args)
    expect(code).toBe(1)
    expect(stderr).toMatch(oneSentence)
  },
)

test('a limit that is no number is refused', async () => {
  const args = ['--port', '0', '--dir', newDirectory()]
  const { code, stderr } = await refused(args, { EVENTSTORE_MAX_APPEND_SIZE: 'lots' })
  expect(code).toBe(1)
  expect(stderr).toMatch(oneSentence)
})

test('while the node is down the client fails its appends', async () => {
  const node = await startNode()
  const client = connect(node.url)
  await client.appendToStream(newStream(), events(1))
  await node.kill()
  expect(await failure(client.appendToStream(newStream(), events(1)))).toMatchObject({ code: 14 })
  await client.dispose()
})
