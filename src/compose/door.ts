import type { Server } from 'node:http'
import type { getRequestListener } from '@hono/node-server'
import type { Config } from '../config.ts'
import { StartError } from '../host/data-dir.ts'
import { close, listen, portOf } from '../host/http-server.ts'

type Listener = ReturnType<typeof getRequestListener>

export interface Door {
  url: string
  /** From now on the app answers. */
  open(app: Listener): void
  /** Takes no new requests, and resolves when those in flight are answered. */
  close(): Promise<void>
}

/**
 * The ports are bound first, so that one in use is known before anything is changed; until all is up they answer 503.
 * The agent's port, where one is configured, has the same app.
 */
export const openDoor = async ({ host, port, agentPort, shutdownGraceMs }: Config): Promise<Door> => {
  let app: Listener | undefined
  const servers: Server[] = []
  const closeAll = async () => {
    await Promise.all(servers.map((server) => close(server, shutdownGraceMs)))
  }
  try {
    for (const each of agentPort === null ? [port] : [port, agentPort]) {
      servers.push(
        await bound(host, each, (request, response) => {
          if (app) return void app(request, response)
          response.writeHead(503, { 'Retry-After': '1' }).end('starting')
        }),
      )
    }
  } catch (error) {
    await closeAll()
    throw error
  }
  const [first] = servers
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${first ? portOf(first) : 0}`,
    open: (opened) => {
      app = opened
    },
    close: closeAll,
  }
}

const bound = (host: string, port: number, listener: Parameters<typeof listen>[2]): Promise<Server> =>
  listen(host, port, listener).catch((error) => {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown reason'
    const reason = code === 'EADDRINUSE' ? 'is in use' : `cannot be bound (${code})`
    throw new StartError(`port ${port} of ${host} ${reason}`)
  })
