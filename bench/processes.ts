import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const startTimeoutMs = 60_000

/** The repository's folder, seen from dist/bench. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Started {
  url: string
  stop(): Promise<void>
}

/** Starts a script of dist and waits until its stdout matches; the first group is its URL. */
export const start = (script: string, args: string[], ready: RegExp, env: Record<string, string>): Promise<Started> => {
  const child = spawn(process.execPath, [`${root}/dist/${script}`, ...args], {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    let said = ''
    const timer = setTimeout(() => reject(new Error(`${script} was not ready in time: ${said}`)), startTimeoutMs)
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const url = ready.exec(said)?.[1]
      if (!url) return
      clearTimeout(timer)
      resolve({ url, stop: () => stop(child) })
    })
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}: ${said}`)))
  })
}

const stop = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })

export interface Load {
  url: string
  connections: number
  seconds: number
  body?: object
  headers?: Record<string, string>
}

export interface Measured {
  perSecond: number
  p50Ms: number
  p99Ms: number
  failures: number
}

interface Report {
  requests: { average: number }
  latency: { p50: number; p99: number }
  non2xx: number
  errors: number
}

/** Loads a URL from a process of its own. `[<id>]` in the body becomes another word in each request. */
export const load = ({ url, connections, seconds, body, headers = {} }: Load): Promise<Measured> => {
  const cli = createRequire(import.meta.url).resolve('autocannon/autocannon.js')
  const post = body ? ['-m', 'POST', '-H', 'Content-Type=application/json', '-I', '-b', JSON.stringify(body)] : []
  const given = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`])
  const child = spawn(process.execPath, [
    cli,
    '-j',
    '-n',
    '-c',
    `${connections}`,
    '-d',
    `${seconds}`,
    ...given,
    ...post,
    url,
  ])
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => {
      if (code !== 0) return reject(new Error(`the load generator ended with ${code}`))
      const { requests, latency, non2xx, errors } = JSON.parse(output) as Report
      resolve({ perSecond: requests.average, p50Ms: latency.p50, p99Ms: latency.p99, failures: non2xx + errors })
    })
  })
}

export const line = (name: string, { perSecond, p50Ms, p99Ms, failures }: Measured, base?: Measured): string => {
  const ratio = base ? `  ${(perSecond / base.perSecond).toFixed(2)} of the empty route` : ''
  const failed = failures > 0 ? `  ${failures} FAILED` : ''
  return `${name.padEnd(44)} ${perSecond.toFixed(0).padStart(7)}/s  p50 ${p50Ms} ms  p99 ${p99Ms} ms${ratio}${failed}`
}
