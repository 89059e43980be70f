import { createServer, type RequestListener, type Server } from 'node:http'

const headersTimeoutMs = 10_000
const requestTimeoutMs = 60_000

/** Binds the port, so that a port in use is known before anything else happens; `app` answers from then on. */
export const listen = (host: string, port: number, app: RequestListener): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer({ headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs }, app)
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server)
    })
  })

export const portOf = (server: Server): number => {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Takes no new requests, and resolves when the ones in flight are answered. */
export const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
