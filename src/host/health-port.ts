import { close, listen } from './http-server.ts'

const graceMs = 1_000

/**
 * `GET /health` for whoever looks after a process that has no API: 200, or 503 with what is missing. Rejects when the
 * port cannot be bound. Answers how to close it.
 */
export const openHealthPort = async (
  host: string,
  port: number,
  missing: () => Promise<string[]>,
): Promise<() => Promise<void>> => {
  const server = await listen(host, port, (request, response) => {
    const say = (status: number, body: object) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    if (request.method !== 'GET' || request.url !== '/health') return void say(404, { status: 'not found' })
    missing().then(
      (names) => (names.length === 0 ? say(200, { status: 'ok' }) : say(503, { status: 'unhealthy', missing: names })),
      () => say(500, { status: 'unknown' }),
    )
  })
  return () => close(server, graceMs)
}
