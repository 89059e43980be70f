import { type Metrics, metricsType } from '../app/ports/metrics.ts'
import { close, listen } from './http-server.ts'

const graceMs = 1_000

/**
 * `GET /health` and `GET /metrics` for whoever looks after a process that has no API. Health is 200, or 503 with what is
 * missing. Rejects when the port cannot be bound. Answers how to close it.
 */
export const openHealthPort = async (
  host: string,
  port: number,
  missing: () => Promise<string[]>,
  metrics: Pick<Metrics, 'text'>,
): Promise<() => Promise<void>> => {
  const server = await listen(host, port, ({ method, url }, response) => {
    const write = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'Content-Type': type }).end(body)
    const say = (status: number, body: object) => write(status, 'application/json', JSON.stringify(body))
    const answer = async () => {
      if (method !== 'GET' || (url !== '/health' && url !== '/metrics')) return say(404, { status: 'not found' })
      if (url === '/metrics') return write(200, metricsType, await metrics.text())
      const names = await missing()
      return names.length === 0 ? say(200, { status: 'ok' }) : say(503, { status: 'unhealthy', missing: names })
    }
    answer().catch(() => say(500, { status: 'unknown' }))
  })
  return () => close(server, graceMs)
}
