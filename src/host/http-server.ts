import { createServer, type RequestListener, type Server } from 'node:http'

const headersTimeoutMs = 10_000
const requestTimeoutMs = 60_000
const keepAliveTimeoutMs = 5_000
/** Of the request line and all headers; what is larger gets 431. */
const headerBytesMax = 16_384
const idleSweepMs = 20
/** More than these are closed at once: every connection is a file, and the key store needs some too. */
const connectionsMax = 512

/** Binds the port, so that a port in use is known before anything else happens; `app` answers from then on. */
export const listen = (host: string, port: number, app: RequestListener): Promise<Server> =>
  new Promise((resolve, reject) => {
    const limits = {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      maxHeaderSize: headerBytesMax,
    }
    const server = createServer(limits, app)
    server.maxConnections = connectionsMax
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

/**
 * Takes no new requests, and resolves when the ones in flight are answered; those that are not answered by the end of
 * the grace are broken off. A server that is closed stays so.
 */
export const close = (server: Server, graceMs: number): Promise<void> =>
  new Promise((resolve) => {
    // A connection that is kept alive becomes idle only when its answer is out.
    const sweep = setInterval(() => server.closeIdleConnections(), idleSweepMs)
    const end = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(end)
      resolve()
    })
  })
