import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { EventStoreDBClient, type JSONEventType, jsonEvent, type ResolvedEvent } from '@eventstore/db-client'
import { afterAll, beforeAll } from 'vitest'

/** The compiled node: `npm test` builds it first. */
const mainFile = join(resolve(process.env.LEDGERLINE_DIST ?? 'dist'), 'src/embedded/main.js')

const directories: string[] = []
process.once('exit', () => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** A new empty directory, removed with the test process. */
export const newDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'ledgerline-node-'))
  directories.push(directory)
  return directory
}

export interface Spawned {
  readonly child: ChildProcess
  /** Everything written to standard output and error up to now. */
  readonly output: { stdout: string; stderr: string }
  /** The exit code, or the signal's name. */
  readonly exited: Promise<number | string>
}

export const spawnNode = (args: string[], env: Record<string, string> = {}): Spawned => {
  const child = spawn(process.execPath, [mainFile, ...args], { env: { ...process.env, ...env } })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    output.stdout += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    output.stderr += String(chunk)
  })
  const exited = once(child, 'close').then(([code, signal]: unknown[]) =>
    typeof code === 'number' ? code : String(signal),
  )
  return { child, output, exited }
}

export interface RunningNode extends Spawned {
  readonly url: string
  readonly port: number
  readonly directory: string
  /** Ends it as a service manager would. */
  stop(): Promise<number | string>
  /** Ends it as a crash would. */
  kill(): Promise<number | string>
}

/** Ends with the test process, unless other `args` are given. */
export const startNode = async (
  options: { directory?: string; port?: number; args?: string[]; env?: Record<string, string> } = {},
): Promise<RunningNode> => {
  const directory = options.directory ?? newDirectory()
  const args = ['--port', String(options.port ?? 0), '--dir', directory, ...(options.args ?? ['--exit-with-stdin'])]
  const spawned = spawnNode(args, options.env)
  const { child, exited, output } = spawned
  if (child.stdout === null) throw new Error('the node has no standard output')
  const ready = once(createInterface(child.stdout), 'line').then(([line]: unknown[]) => String(line))
  const line = await Promise.race([ready, exited])
  if (typeof line === 'number') throw new Error(`the node exited with ${line}: ${output.stderr}`)
  const url = /^ledgerline node ready (esdb:\/\/127\.0\.0\.1:(\d+)\?tls=false)$/.exec(line)
  if (url?.[1] === undefined) throw new Error(`the node did not start: ${line} ${output.stderr}`)
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return exited
  }
  return {
    ...spawned,
    url: url[1],
    port: Number(url[2]),
    directory,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

export const connect = (url: string): EventStoreDBClient => EventStoreDBClient.connectionString(url)

/**
 * For contract tests: the node that `EVENTSTORE_URL` names, else an embedded one of their own, from `beforeAll` to
 * `afterAll`.
 */
export const useNode = (
  env: Record<string, string> = {},
): { readonly url: string; readonly client: EventStoreDBClient } => {
  let node: RunningNode | undefined
  let url = process.env.EVENTSTORE_URL
  let client: EventStoreDBClient | undefined
  beforeAll(async () => {
    if (url === undefined) node = await startNode({ env })
    url ??= node?.url ?? ''
    client = connect(url)
  })
  afterAll(async () => {
    await client?.dispose()
    await node?.stop()
  })
  return {
    get url() {
      return url ?? ''
    },
    get client() {
      if (client === undefined) throw new Error('the node is not started yet')
      return client
    },
  }
}

export const newStream = (): string => `test-${randomUUID()}`

export const anEvent = (type = 'Tested', data: JSONEventType['data'] = {}, id: string = randomUUID()) =>
  jsonEvent({ id, type, data })

export const events = (count: number) => Array.from({ length: count }, (_, n) => anEvent('Tested', { n }))

export const collect = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

/** The revisions that a read of a stream delivered. */
export const revisions = async (source: AsyncIterable<ResolvedEvent>): Promise<number[]> =>
  (await collect(source)).map(({ event, link }) => Number((link ?? event)?.revision))

/** The error that a promise is rejected with. */
export const failure = async (promise: Promise<unknown>): Promise<Error> => {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('it was expected to fail')
}

export const until = async (condition: () => boolean, timeoutMs = 5000): Promise<void> => {
  const end = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > end) throw new Error('it did not happen in time')
    await new Promise((next) => setTimeout(next, 5))
  }
}

export const pause = (ms: number): Promise<void> => new Promise((next) => setTimeout(next, ms))
