import type { MiddlewareHandler } from 'hono'
import type { Env } from './context.ts'
import type { Services } from './services.ts'

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Counts the calls of a route, and how long each took. */
export const measured =
  ({ metrics }: Pick<Services, 'metrics'>, route: string): MiddlewareHandler<Env> =>
  async (c, next) => {
    const startedMs = performance.now()
    await next()
    const method = methods.has(c.req.method) ? c.req.method : 'other'
    metrics.answered({ method, route, status: c.res.status, seconds: (performance.now() - startedMs) / 1_000 })
  }
