import type { Log } from '../app/ports/follower.ts'
import { type SpawnedNatsServer, type SpawnOptions, spawnNatsServer } from './spawn-server.ts'

export interface KeptNatsServer {
  /** Stays the same over all its lives. */
  url: string
  /** Of its present life, or the last. */
  pid(): number
  stop(): Promise<void>
}

interface KeepOptions extends SpawnOptions {
  log: Log
  /** The pause before the first restart; doubled by each that follows soon. */
  restartFirstMs?: number
}

const restartMostMs = 10_000
/** A server that has lived this long is given the short pause again. */
const soundAfterMs = 60_000

/** A nats-server that is started again at the same port when it dies by itself. Throws NatsServerFailure at the start. */
export const keepNatsServer = async ({
  log,
  restartFirstMs = 250,
  ...options
}: KeepOptions): Promise<KeptNatsServer> => {
  let server: SpawnedNatsServer = await spawnNatsServer(options)
  const { url, port } = server
  let pauseMs = restartFirstMs
  let isStopped = false
  let endPause: () => void = () => undefined

  const pause = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs)
      endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const watch = async (): Promise<void> => {
    for (let bornMs = performance.now(); ; ) {
      await server.ended
      if (isStopped) return
      if (performance.now() - bornMs >= soundAfterMs) pauseMs = restartFirstMs
      log.error('nats-server has ended by itself; it is started again', { port, pauseMs })
      await pause(pauseMs)
      pauseMs = Math.min(pauseMs * 2, restartMostMs)
      if (isStopped) return
      bornMs = performance.now()
      try {
        server = await spawnNatsServer({ ...options, port })
        log.info('nats-server is back', { port, pid: server.pid })
      } catch (error) {
        log.error('nats-server could not be started again', { port, error: String(error) })
      }
      if (isStopped) await server.stop()
    }
  }
  const watching = watch()

  return {
    url,
    pid: () => server.pid,
    stop: async () => {
      isStopped = true
      endPause()
      await server.stop()
      await watching
    },
  }
}
