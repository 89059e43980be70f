import { serve } from '@hono/node-server'
import { Hono } from 'hono'

/** What Hono alone can do: the yardstick beside which everything else is read. */
const app = new Hono().get('/', (c) => c.json({ status: 'ok' })).post('/', async (c) => c.json(await c.req.json()))

serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
  process.stdout.write(`ready http://127.0.0.1:${port}\n`)
})
process.once('SIGTERM', () => process.exit(0))
