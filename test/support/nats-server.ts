import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect, type JetStreamClient, type JetStreamManager, type NatsConnection } from 'nats'
import { onTestFinished } from 'vitest'
import type { Log } from '../../src/app/ports/follower.ts'
import { type NatsBus, openNatsBus } from '../../src/bus/nats/bus.ts'
import { findNatsServer, type SpawnedNatsServer, spawnNatsServer } from '../../src/bus/spawn-server.ts'
import { SilentLog } from './log.ts'
import { until } from './waiting.ts'

export const noNatsServer = findNatsServer(process.env.PATH ?? '') === undefined
/** What a skipped suite is called, so that its reader knows what to do. */
export const named = (name: string): string =>
  noNatsServer ? `${name} (skipped, no nats-server: apt-get install nats-server)` : name

export const newStorage = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'ledgerline-nats-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }))
  return dir
}

/** A server of one test, which can go away and come back at the same address. */
export class NatsServer {
  readonly dir = newStorage()
  url = ''
  private running: SpawnedNatsServer | undefined

  static async start(): Promise<NatsServer> {
    const server = new NatsServer()
    onTestFinished(() => server.stop())
    await server.start()
    return server
  }

  /** Like the service that Debian's package enables. */
  static async startPlain(): Promise<{ url: string }> {
    const port = await freePort()
    const child = spawn(findNatsServer(process.env.PATH ?? '') ?? '', ['-a', '127.0.0.1', '-p', String(port)], {
      stdio: 'ignore',
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const url = `nats://127.0.0.1:${port}`
    await until(async () =>
      connect({ servers: url }).then(
        (connection) => connection.close().then(() => true),
        () => false,
      ),
    )
    return { url }
  }

  async start(): Promise<void> {
    const port = this.running?.port
    this.running = await spawnNatsServer({ storageDir: this.dir, ...(port === undefined ? {} : { port }) })
    this.url = this.running.url
  }

  async stop(): Promise<void> {
    await this.running?.stop()
  }

  async kill(): Promise<void> {
    if (this.running) process.kill(this.running.pid, 'SIGKILL')
    await this.running?.ended
  }

  wipe(): void {
    rmSync(join(this.dir, 'jetstream'), { recursive: true, force: true })
  }

  async bus(
    over: { ackWaitMs?: number; deliveriesMax?: number; watchdogMs?: number; log?: Log } = {},
  ): Promise<NatsBus> {
    const bus = await openNatsBus({ url: this.url, log: new SilentLog(), ackWaitMs: 300, ...over })
    onTestFinished(() => bus.close())
    return bus
  }

  /** What an operator's tool would see. */
  async manager(): Promise<JetStreamManager> {
    return (await this.client()).jetstreamManager()
  }

  /** Another client, which does things its own way. */
  async other(): Promise<JetStreamClient> {
    return (await this.client()).jetstream()
  }

  async client(): Promise<NatsConnection> {
    const connection = await connect({ servers: this.url })
    onTestFinished(() => connection.close())
    return connection
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const listener = createServer().listen(0, '127.0.0.1', () => {
      const address = listener.address()
      listener.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The adapter as JavaScript, for children: a bare node runs no TypeScript. Returns the folder of the modules. */
export const compiledBus = (): string => {
  const dir = newStorage()
  const options = ['--ignoreConfig', '--rootDir', '.', '--outDir', dir, '--module', 'nodenext', '--target', 'es2023']
  const more = ['--types', 'node', '--rewriteRelativeImportExtensions', '--skipLibCheck']
  const sources = ['src/bus/nats/bus.ts', 'src/bus/spawn-server.ts']
  execFileSync(join(root, 'node_modules/.bin/tsc'), [...sources, ...options, ...more], { cwd: root })
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'))
  return join(dir, 'src/bus')
}

/** Another process that runs a program; what it has said so far is in `lines`. */
export const runChild = (program: string, args: readonly string[]): { child: ChildProcess; lines: () => string[] } => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  return { child, lines: () => said.split('\n').slice(0, -1) }
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
