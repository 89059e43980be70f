import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const readyTimeoutMs = 60_000

export const drillPipelines = join(root, 'test/e2e/pipelines')

/** A `ledgerline` process in a process group of its own, so that it can be killed with all its children. */
export class Service {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  url = ''

  constructor(args: readonly string[], env: Record<string, string>) {
    this.child = spawn(process.execPath, [join(root, 'dist/src/cli.js'), ...args], {
      cwd: root,
      detached: true,
      env: { PATH: process.env.PATH ?? '', PORT: '0', LOG_LEVEL: 'info', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString()
    })
    this.child.once('exit', (code) => {
      // A service that was up and ends by itself says why; the test that meets it only sees a broken connection.
      if (code && this.url !== '') console.error(`the service ended with ${code}: ${this.stderr.slice(-4_000)}`)
    })
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
  }

  /** Resolves with the exit code; null when a signal ended it. */
  exited(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return Promise.resolve(this.child.exitCode)
    return new Promise((resolve) => this.child.once('exit', (code) => resolve(code)))
  }

  /** Resolves with what the pattern's first group matched on stdout. */
  async says(pattern: RegExp): Promise<string> {
    for (const until = Date.now() + readyTimeoutMs; Date.now() < until; ) {
      const match = pattern.exec(this.stdout)
      if (match) return match[1] ?? match[0]
      if (this.child.exitCode !== null || this.child.signalCode !== null) break
      await pause(10)
    }
    throw new Error(`the service did not say ${pattern}: ${this.stdout.slice(-2000)} ${this.stderr.slice(-2000)}`)
  }

  signal(name: NodeJS.Signals): void {
    if (this.child.pid !== undefined) process.kill(this.child.pid, name)
  }

  /** kill -9 of the whole group. */
  async killGroup(): Promise<void> {
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGKILL')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
    await this.exited()
  }

  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode
    this.signal('SIGTERM')
    return this.exited()
  }
}

export const startService = async (env: Record<string, string>): Promise<Service> => {
  const service = new Service(['serve'], env)
  service.url = await service.says(/^ledgerline ready (\S+)$/m)
  return service
}

export const startNode = async (dir: string): Promise<Service> => {
  const node = new Service(['node', '--port', '0', '--dir', dir], {})
  node.url = await node.says(/^ledgerline node ready (\S+)$/m)
  return node
}

export const temporaryDir = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `ledgerline-${name}-`))

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
