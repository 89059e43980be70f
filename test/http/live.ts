import { getRequestListener } from '@hono/node-server'
import { onTestFinished } from 'vitest'
import { listen, portOf } from '../../src/host/http-server.ts'
import type { openApi } from '../support/api.ts'
import { SseReader } from '../support/sse.ts'

type Api = Awaited<ReturnType<typeof openApi>>

/** The app on a socket of its own. */
export const served = async ({ app, services }: Api) => {
  const server = await listen('127.0.0.1', 0, getRequestListener(app.fetch))
  onTestFinished(async () => {
    services.live.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const url = `http://127.0.0.1:${portOf(server)}`
  const open = async (path = '/events', headers: Record<string, string> = {}) =>
    new SseReader(await fetch(url + path, { headers }))
  return { url, server, open }
}
