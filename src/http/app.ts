import { randomUUID } from 'node:crypto'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { openModeRefusal } from '../auth/open.ts'
import { Rejection } from '../domain/codes.ts'
import type { Env } from './context.ts'
import { batchError } from './dialects/batch/errors.ts'
import { batchRoutes } from './dialects/batch/routes.ts'
import { type HttpError, nativeError } from './errors.ts'
import { historyRoutes } from './native/history.ts'
import type { Services } from './services.ts'

interface Dialect {
  prefix: string
  routes: Hono<Env>
  shape(rejection: Rejection): HttpError
}

const requestIdPattern = /^[A-Za-z0-9_.-]{1,128}$/

/** All dialects on one app. */
export const createApp = (services: Services): Hono<Env> => {
  const app = new Hono<Env>()

  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/ready', async (c) => {
    const missing = await services.notReady()
    return missing === null ? c.json({ status: 'ready' }) : c.json({ status: 'not ready', missing }, 503)
  })

  const dialects: Dialect[] = [
    { prefix: '/api/pipeline', routes: batchRoutes(services), shape: batchError },
    { prefix: '/history', routes: historyRoutes(services), shape: nativeError },
  ]
  for (const dialect of dialects) mount(app, dialect, services)

  app.notFound((c) => {
    const { shape } = dialects.find(({ prefix }) => c.req.path.startsWith(`${prefix}/`)) ?? { shape: nativeError }
    return answer(c, shape(new Rejection('ROUTE_NOT_FOUND', `no route ${c.req.method} ${c.req.path}`)))
  })
  app.onError((error, c) => answer(c, nativeError(asRejection(error, services))))
  return app
}

/** A dialect has its own prefix, its own shape of errors, and the same way in. */
const mount = (app: Hono<Env>, { prefix, routes, shape }: Dialect, services: Services): void => {
  const dialect = new Hono<Env>()
  dialect.onError((error, c) => answer(c, shape(asRejection(error, services))))
  for (const { method, path, handler } of routes.routes) dialect.on(method, path, wayIn(services), handler)
  app.route(prefix, dialect)
}

const wayIn =
  ({ openPrincipal }: Services): MiddlewareHandler<Env> =>
  async (c, next) => {
    const given = c.req.header('x-request-id')
    const requestId = given && requestIdPattern.test(given) ? given : randomUUID()
    c.set('requestId', requestId)
    c.header('X-Request-Id', requestId)
    const refusal = openModeRefusal(c.req.raw.headers)
    if (refusal !== null) throw new Rejection('FORBIDDEN', refusal)
    c.set('principal', openPrincipal)
    await next()
  }

const answer = (c: Context<Env>, { status, body, contentType }: HttpError) =>
  c.body(JSON.stringify(body), status, { 'Content-Type': contentType ?? 'application/json' })

/** What is no rejection is our fault: it is logged whole, and the caller is told nothing of it. */
const asRejection = (error: unknown, { log }: Services): Rejection => {
  if (error instanceof Rejection) return error
  log.error('a request failed', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  return new Rejection('INTERNAL', 'the server failed at this request')
}
