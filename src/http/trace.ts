import type { Context, MiddlewareHandler } from 'hono'
import type { CallOutcome, CallRecord } from '../domain/access/events.ts'
import { Rejection } from '../domain/codes.ts'
import { isPseudonym } from '../domain/sealed.ts'
import { addressOf, type Env } from './context.ts'
import type { Services } from './services.ts'

const durableTimeoutMs = 2_000
const valueCharsMax = 200
const namesMax = 20
const sensitive = /token|secret|password|passwd|credential|signature|(^|[_.-])(api[_-]?)?key$|^auth/i

/** What is written down of a route. */
interface Traced {
  route: string
  personal?: readonly string[]
  kind: 'command' | 'query'
  recordedFirst?: boolean
}

/**
 * Writes down every call when it is answered, whatever the answer was. A command that appended an event is recorded by
 * that event.
 */
export const traced =
  (services: Services, traced: Traced): MiddlewareHandler<Env> =>
  async (c, next) => {
    const { route, kind, recordedFirst, personal = [] } = traced
    const startedMs = services.nowMs()
    const started = performance.now()
    await next()
    if (kind === 'command' && c.get('ownEvent') && c.res.status < 400) return
    const principal = c.get('principal')
    const at = new Date(startedMs).toISOString()
    const query = queryOf(c, personal)
    const record = recordOf(c, { route, at, query, durationMs: performance.now() - started })
    if (!principal) {
      const origin = await services.callers.originOfNobody(addressOf(c))
      services.anonymous.add({ ...record, origin })
      return
    }
    services.calls.record(principal.tenant, record)
    if (recordedFirst && c.res.status < 400 && !(await isDurable(services))) {
      throw new Rejection('LEDGER_UNAVAILABLE', 'the record of this call could not be written, so it is not answered')
    }
  }

const isDurable = async ({ calls }: Services): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), durableTimeoutMs)
  })
  const durable = await Promise.race([calls.durable().then(() => true), late])
  clearTimeout(timer)
  return durable
}

const recordOf = (
  c: Context<Env>,
  { route, at, query, durationMs }: Pick<CallRecord, 'route' | 'at' | 'query' | 'durationMs'>,
): CallRecord => {
  const principal = c.get('principal')
  const { status } = c.res
  return {
    at,
    actor: principal?.actor.pseudonym ?? null,
    authMethod: principal?.actor.authMethod ?? null,
    method: c.req.method,
    route,
    resource: shortened(Object.entries(c.get('params') ?? {})),
    query,
    outcome: outcomeOf(status),
    status,
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    origin: c.get('origin') ?? null,
    requestId: c.get('requestId'),
    reason: c.error ? (c.error instanceof Rejection ? c.error.code : 'INTERNAL') : null,
    policy: c.get('policy')?.id ?? null,
    count: 1,
  }
}

const queryOf = (c: Context<Env>, personal: readonly string[]): Record<string, string> => {
  const shown = (name: string, values: readonly string[]): string => {
    if (sensitive.test(name)) return '[redacted]'
    return personal.includes(name) && !values.every(isPseudonym) ? '[personal]' : values.join(',')
  }
  return shortened(Object.entries(c.req.queries()).map(([name, values]) => [name, shown(name, values)]))
}

const shortened = (entries: readonly (readonly [string, string])[]): Record<string, string> =>
  Object.fromEntries(
    entries.slice(0, namesMax).map(([name, value]) => [name.slice(0, valueCharsMax), value.slice(0, valueCharsMax)]),
  )

const outcomes: Readonly<Record<number, CallOutcome>> = {
  401: 'denied',
  403: 'denied',
  404: 'not-found',
  409: 'conflict',
  429: 'limited',
}

const outcomeOf = (status: number): CallOutcome => {
  if (status < 400) return 'ok'
  return outcomes[status] ?? (status < 500 ? 'invalid' : 'failed')
}
