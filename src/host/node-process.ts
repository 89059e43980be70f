import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Log } from '../app/ports/follower.ts'

/** The node could not start; the message is its own one sentence. */
export class NodeFailure extends Error {}

export interface NodeProcess {
  url: string
  stop(): Promise<void>
}

const readyLine = /^ledgerline node ready (esdb:\/\/\S+)/m
const portOf = /:(\d+)\?/
const restartDelayMs = 500

/**
 * Starts the embedded node as a child that ends with this process, and starts it again on the same port should it die.
 * Throws NodeFailure when the first start does not succeed.
 */
export const startNodeProcess = async (dir: string, log: Log): Promise<NodeProcess> => {
  let stopped = false
  let { child, url } = await launch(dir, '0')
  const port = portOf.exec(url)?.[1] ?? '0'

  const watch = (watched: ChildProcess): void => {
    watched.once('exit', async (code, signal) => {
      if (stopped) return
      log.error('the embedded ledger has stopped; starting it again', { code, signal })
      while (!stopped) {
        try {
          child = (await launch(dir, port)).child
          return watch(child)
        } catch (error) {
          log.error('the embedded ledger does not start', {
            error: error instanceof Error ? error.message : `${error}`,
          })
          await new Promise((resolve) => setTimeout(resolve, restartDelayMs))
        }
      }
    })
  }
  watch(child)

  return {
    url,
    stop: async () => {
      stopped = true
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
    },
  }
}

const launch = (dir: string, port: string): Promise<{ child: ChildProcess; url: string }> =>
  new Promise((resolve, reject) => {
    const entry = fileURLToPath(new URL('../embedded/main.js', import.meta.url))
    const args = [entry, '--port', port, '--dir', dir, '--exit-with-stdin']
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let said = ''
    let complained = ''
    child.stderr.on('data', (chunk: Buffer) => {
      complained = (complained + chunk.toString()).slice(-10_000)
    })
    child.stdout.on('data', (chunk: Buffer) => {
      if (said.length < 10_000) said += chunk.toString()
      const url = readyLine.exec(said)?.[1]
      if (url) resolve({ child, url })
    })
    child.once('error', (error) => reject(new NodeFailure(error.message)))
    child.once('exit', () => reject(new NodeFailure(complained.trim() || 'the embedded ledger ended without a word')))
  })
