import type { KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:http'

/** An issuer's key set on a real port, which counts how often it is asked. */
export class JwksServer {
  fetches = 0
  keys: object[] = []
  /** What it answers instead of the keys; null answers never. */
  instead: { status: number; body: string } | null | undefined
  private server: Server | undefined
  url = ''

  async start(): Promise<void> {
    const server = createServer((_request, response) => {
      this.fetches += 1
      if (this.instead === null) return
      const { status, body } = this.instead ?? { status: 200, body: JSON.stringify({ keys: this.keys }) }
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(body)
    })
    this.server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    this.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/jwks.json`
  }

  /** Publishes exactly these public keys, by `kid`. */
  publish(keys: Record<string, KeyObject>): void {
    this.keys = Object.entries(keys).map(([kid, key]) => ({ ...key.export({ format: 'jwk' }), kid }))
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections()
    await new Promise<void>((resolve) => (this.server ? this.server.close(() => resolve()) : resolve()))
  }
}
