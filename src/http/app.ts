import { randomUUID } from 'node:crypto'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { secureHeaders } from 'hono/secure-headers'
import { z } from 'zod'
import { metricsType } from '../app/ports/metrics.ts'
import { version } from '../app/version.ts'
import { Rejection } from '../domain/codes.ts'
import { asyncApiDocument } from './asyncapi/document.ts'
import type { Env } from './context.ts'
import type { Dialect } from './dialect.ts'
import { batchDialect } from './dialects/batch/index.ts'
import { governanceDialect } from './dialects/governance/index.ts'
import { type HttpError, nativeError } from './errors.ts'
import { measured } from './measured.ts'
import { approvalsDialect } from './native/approvals/operations.ts'
import { eventsDialect } from './native/events/operations.ts'
import { evidenceDialect } from './native/evidence/bundles.ts'
import { ledgerDialect } from './native/evidence/logs.ts'
import { nativeDialect } from './native/history/index.ts'
import { subjectsDialect } from './native/subjects/operations.ts'
import { docsRoutes, documentRoute } from './openapi/docs.ts'
import { openApiDocument } from './openapi/document.ts'
import type { Operation } from './operation.ts'
import { honoPath, pathParameters } from './routing.ts'
import type { Services } from './services.ts'
import { traced } from './trace.ts'
import { jsonBody, queryOf } from './validate.ts'
import { stray, wayIn } from './way-in.ts'

export const apiVersion = version
/** An operation that takes no query is not asked with one: it would do otherwise than it was meant. */
const noQuery = z.strictObject({})
const requestIdPattern = /^[A-Za-z0-9_.-]{1,128}$/

/** Every dialect. A new one is added here. */
export const allDialects = (services: Services): Dialect[] => [
  batchDialect(services),
  governanceDialect(services),
  approvalsDialect(services),
  nativeDialect(services),
  eventsDialect(services),
  subjectsDialect(services),
  ledgerDialect(services),
  evidenceDialect(services),
]

const live = z.strictObject({ status: z.literal('ok') })
const ready = z.strictObject({ status: z.literal('ready') })
const notReady = z.strictObject({ status: z.literal('not ready'), missing: z.string() })

export const documentOf = (dialects: readonly Dialect[]): object =>
  openApiDocument(dialects, { version: apiVersion }, [
    { path: '/health', summary: 'The process lives', answers: { 200: { description: 'it does', schema: live } } },
    {
      path: '/ready',
      summary: 'Requests can be served',
      answers: {
        200: { description: 'they can', schema: ready },
        503: { description: 'they cannot, for want of `missing`', schema: notReady },
      },
    },
    {
      path: '/metrics',
      summary: 'Figures of this process',
      answers: {
        200: { description: "in Prometheus' text format", schema: z.string(), type: 'text/plain' },
      },
    },
  ])

/** The dialects on one app. */
export const createApp = (services: Services, dialects: readonly Dialect[] = allDialects(services)): Hono<Env> => {
  const app = new Hono<Env>()
  app.use(identifyRequest, secureHeaders({ strictTransportSecurity: false, crossOriginEmbedderPolicy: false }))
  if (services.corsOrigins.length > 0) app.use(cors({ origin: [...services.corsOrigins], exposeHeaders: ['*'] }))

  app.get('/health', measured(services, '/health'), (c) => c.json({ status: 'ok' } satisfies z.output<typeof live>))
  app.get('/ready', measured(services, '/ready'), async (c) => {
    const missing = await services.notReady()
    return missing === null ? c.json({ status: 'ready' }) : c.json({ status: 'not ready', missing }, 503)
  })
  app.get('/metrics', measured(services, '/metrics'), async (c) =>
    c.body(await services.metrics.text(), 200, { 'Content-Type': metricsType }),
  )
  app.route(
    '/',
    docsRoutes(() => documentOf(dialects)),
  )
  app.route(
    '/',
    documentRoute('/asyncapi.json', () => asyncApiDocument({ version: apiVersion })),
  )
  for (const dialect of dialects) mount(app, dialect, services)

  const shapeFor = (path: string) => dialects.find(({ prefix }) => path.startsWith(`${prefix}/`))?.shape ?? nativeError
  const nowhere = traced(services, { route: '(none)', kind: 'query' })
  const counted = measured(services, '(none)')
  app.notFound(async (c) => {
    const answered = async () => {
      const refused = await stray(c, services).then(
        () => new Rejection('ROUTE_NOT_FOUND', `no route ${c.req.method} ${c.req.path}`),
        (error: unknown) => asRejection(error, services),
      )
      c.set('reason', refused.code)
      c.res = answer(c, shapeFor(c.req.path)(refused))
    }
    await counted(c, async () => void (await nowhere(c, answered)))
    return c.res
  })
  app.onError((error, c) => answer(c, nativeError(asRejection(error, services))))
  return app
}

/** A dialect has its own prefix, its own shape of errors, and the same way in; it is attached to each route alone. */
const mount = (app: Hono<Env>, dialect: Dialect, services: Services): void => {
  const routes = new Hono<Env>()
  routes.onError((error, c) => {
    const rejection = asRejection(error, services)
    if (rejection.code === 'UNAUTHORIZED' && dialect.scheme !== 'api-key') c.header('WWW-Authenticate', 'Bearer')
    return answer(c, dialect.shape(rejection))
  })
  for (const operation of dialect.operations) {
    const { method, path, kind, recordedFirst = false, personal = [], query } = operation
    const queryNames = query instanceof z.ZodObject ? Object.keys(query.shape) : []
    const route = `${dialect.prefix}${path}`
    const trace = traced(services, { route, kind, recordedFirst, queryNames, personal })
    const way = [parameters(path), measured(services, route), trace, wayIn(services, dialect, operation)] as const
    routes.on(method.toUpperCase(), honoPath(path), ...way, (c) => handled(c, operation))
  }
  app.route(dialect.prefix === '' ? '/' : dialect.prefix, routes)
}

const identifyRequest: MiddlewareHandler<Env> = async (c, next) => {
  const given = c.req.header('x-request-id')
  const requestId = given && requestIdPattern.test(given) ? given : randomUUID()
  c.set('requestId', requestId)
  c.header('X-Request-Id', requestId)
  await next()
}

const parameters =
  (path: string): MiddlewareHandler<Env> =>
  async (c, next) => {
    c.set('params', pathParameters(c, path))
    await next()
  }

const handled = async (c: Context<Env>, { query, body, handle }: Operation): Promise<Response> =>
  handle(c, {
    query: queryOf(c, query ?? noQuery),
    body: body ? await jsonBody(c, body) : undefined,
  })

const answer = (c: Context<Env>, { status, body, contentType }: HttpError) =>
  c.body(JSON.stringify(body), status, { 'Content-Type': contentType ?? 'application/json' })

/** What is no rejection is our fault: it is logged whole, and the caller is told nothing of it. */
const asRejection = (error: unknown, { log }: Services): Rejection => {
  if (error instanceof Rejection) return error
  log.error('a request failed', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  return new Rejection('INTERNAL', 'the server failed at this request')
}
