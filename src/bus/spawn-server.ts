import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

const host = '127.0.0.1'
const startTimeoutMs = 10_000
const pollEveryMs = 10
const stopTimeoutMs = 10_000
const complaintCharsMax = 10_000
/** Debian and Homebrew put it where a user's PATH may not look. */
const otherDirectories = ['/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin']

/** The server could not be started; the message is one sentence for the operator. */
export class NatsServerFailure extends Error {}

export interface SpawnedNatsServer {
  url: string
  port: number
  pid: number
  /** Resolves when the server is gone, whoever ended it. */
  ended: Promise<void>
  stop(): Promise<void>
}

export interface SpawnOptions {
  /** Where the server keeps its streams; made when it is not there. */
  storageDir: string
  /** Any free one by default. */
  port?: number
  /** The binary, when it is not where it is looked for. */
  binary?: string | undefined
  /** Where it is looked for, as in PATH. */
  executablePath?: string
}

/** `path` lists directories, as PATH does. */
export const findNatsServer = (path: string): string | undefined =>
  [...path.split(delimiter), ...otherDirectories]
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, 'nats-server'))
    .find(isExecutable)

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * The shell outlives nobody: its standard input ends with this process however that ends, and then so does the server.
 * It says the server's process id first, and ends when the server does.
 */
const guard = `
exec 3<&0
"$@" 3<&- </dev/null >&2 &
server=$!
echo "$server"
{ cat <&3 >/dev/null; kill "$server"; } >/dev/null 2>&1 &
guard=$!
exec 3<&-
wait "$server"
code=$?
kill "$guard" 2>/dev/null
exit "$code"
`

/** Starts a nats-server with JetStream on loopback that ends with this process. Throws NatsServerFailure. */
export const spawnNatsServer = async (options: SpawnOptions): Promise<SpawnedNatsServer> => {
  const binary = options.binary ?? findNatsServer(options.executablePath ?? '')
  if (!binary || !isExecutable(binary)) {
    const what = binary ? `there is no nats-server at ${binary}` : 'nats-server is not installed'
    throw new NatsServerFailure(
      `${what}: \`apt-get install nats-server\` (Debian) or \`brew install nats-server\` (macOS)`,
    )
  }
  const dir = prepared(resolve(options.storageDir))
  const args = ['-a', host, '-p', String(options.port ?? -1), '--ports_file_dir', dir, '-js', '-sd', dir]
  // In a group of its own, so that Ctrl-C leaves it to us: what is in work has still to be said to it.
  const child = spawn('/bin/sh', ['-c', guard, 'sh', binary, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      child.stdin.destroy()
      resolve()
    })
  })
  const said = listen(child)
  const { pid, port } = await started(child, dir, said).catch((error) => {
    child.stdin.destroy()
    throw failureOf(error, said.complaint, options.port)
  })
  child.unref()
  return {
    url: `nats://${host}:${port}`,
    port,
    pid,
    ended,
    stop: async () => {
      child.stdin.destroy()
      const timer = setTimeout(() => child.exitCode === null && process.kill(pid, 'SIGKILL'), stopTimeoutMs)
      await ended
      clearTimeout(timer)
    },
  }
}

/** What an earlier life has left there would be taken for the new server's port. */
const prepared = (dir: string): string => {
  try {
    mkdirSync(dir, { recursive: true })
    for (const name of readdirSync(dir)) if (name.endsWith('.ports')) rmSync(join(dir, name))
    return dir
  } catch (error) {
    throw new NatsServerFailure(
      `nats-server cannot keep its streams in ${dir}: ${error instanceof Error ? error.message : error}`,
    )
  }
}

interface Said {
  first: string
  complaint: string
}

const listen = (child: ChildProcess): Said => {
  const said = { first: '', complaint: '' }
  child.stdout?.on('data', (chunk: Buffer) => {
    said.first += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    said.complaint = (said.complaint + chunk.toString()).slice(-complaintCharsMax)
  })
  return said
}

const started = async (child: ChildProcess, dir: string, said: Said): Promise<{ pid: number; port: number }> => {
  const deadline = performance.now() + startTimeoutMs
  let spawnError: Error | undefined
  child.once('error', (error) => {
    spawnError = error
  })
  while (performance.now() < deadline) {
    if (spawnError) throw spawnError
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it ended at once')
    const pid = Number(said.first.trim())
    const port = said.first.endsWith('\n') ? portOf(join(dir, `nats-server_${pid}.ports`)) : undefined
    if (port !== undefined) return { pid, port }
    await new Promise((resolve) => setTimeout(resolve, pollEveryMs))
  }
  throw new Error(`it was not ready within ${startTimeoutMs} ms`)
}

const portOf = (path: string): number | undefined => {
  try {
    const port = /"nats":\s*\[\s*"nats:\/\/[^"]*:(\d+)"/.exec(readFileSync(path, 'utf8'))?.[1]
    return port === undefined ? undefined : Number(port)
  } catch {
    return
  }
}

const failureOf = (error: Error, complaint: string, port: number | undefined): NatsServerFailure => {
  if (/address already in use/.test(complaint)) {
    return new NatsServerFailure(`nats-server does not start: port ${port} on ${host} is taken by another process`)
  }
  const reason = /\[FTL\] (.*)/.exec(complaint)?.[1] ?? complaint.trim().split('\n').at(-1) ?? ''
  return new NatsServerFailure(`nats-server does not start: ${reason || error.message}`)
}
