import type { Context, MiddlewareHandler } from 'hono'
import { systemTenant } from '../app/counted-calls.ts'
import { isDoneIn } from '../app/no-longer-than.ts'
import type { CallOutcome, CallRecord } from '../domain/access/events.ts'
import { Rejection } from '../domain/codes.ts'
import { isPseudonym } from '../domain/sealed.ts'
import { addressOf, type Env } from './context.ts'
import type { Services } from './services.ts'

const durableTimeoutMs = 5_000
const valueCharsMax = 200
const sensitive = /token|secret|password|passwd|credential|signature|(^|[_.-])(api[_-]?)?key$|^auth/i
/** What ids and names of ours are made of; anything else in a path is nobody's id and may be anything. */
const idLike = /^[A-Za-z0-9_.:-]{1,128}$/

/** What is written down of a route. */
interface Traced {
  route: string
  kind: 'command' | 'query'
  recordedFirst?: boolean
  /** Names in the query that the route knows; others, and their values, are only counted. */
  queryNames?: readonly string[]
  /** Those of them whose values may name a person. */
  personal?: readonly string[]
}

/**
 * Writes down every call when it is answered, whatever the answer was. A command that appended an event is recorded by
 * that event.
 */
export const traced =
  (
    services: Services,
    { route, kind, recordedFirst, queryNames = [], personal = [] }: Traced,
  ): MiddlewareHandler<Env> =>
  async (c, next) => {
    const startedMs = services.nowMs()
    const started = performance.now()
    await next()
    if (kind === 'command' && c.get('ownEvent') && c.res.status < 400) return
    const at = new Date(startedMs).toISOString()
    const query = queryOf(c, queryNames, personal)
    const record = recordOf(c, { route, at, query, durationMs: performance.now() - started })
    const tenant = c.get('principal')?.tenant
    if (!tenant) {
      services.counted.add(systemTenant, { ...record, origin: await originOfNobody(c, services) })
    } else if (record.outcome === 'limited') services.counted.add(tenant, record)
    else {
      services.calls.record(tenant, record)
      if (recordedFirst && record.status < 400 && !(await isDoneIn(durableTimeoutMs, services.calls.durable(tenant)))) {
        // Nobody will read it, nor end it.
        void c.res.body?.cancel()
        // What is on its way says that all went well.
        services.calls.record(tenant, { ...record, outcome: 'failed', status: 503, reason: 'LEDGER_UNAVAILABLE' })
        throw new Rejection('LEDGER_UNAVAILABLE', 'the record of this call could not be written, so it is not answered')
      }
    }
  }

/** A call leaves its trace even when the key store does not answer. */
const originOfNobody = async (c: Context<Env>, services: Services): Promise<string | null> => {
  try {
    return await services.callers.originOfNobody(addressOf(c, services))
  } catch (error) {
    services.log.error('an origin cannot be sealed', { error: String(error) })
    return null
  }
}

const recordOf = (
  c: Context<Env>,
  { route, at, query, durationMs }: Pick<CallRecord, 'route' | 'at' | 'query' | 'durationMs'>,
): CallRecord => {
  const actor = c.get('principal')?.actor
  const { status } = c.res
  const resource = Object.entries(c.get('params') ?? {}).map(([name, value]) => [
    name,
    idLike.test(value) ? value : '[odd]',
  ])
  return {
    at,
    actor: actor?.pseudonym ?? null,
    onBehalfOf: actor?.onBehalfOf ?? null,
    authMethod: actor?.authMethod ?? null,
    method: c.req.method,
    route,
    resource: Object.fromEntries(resource),
    query,
    outcome: outcomeOf(status),
    status,
    durationMs: Math.round(durationMs * 1_000) / 1_000,
    origin: c.get('origin') ?? null,
    requestId: c.get('requestId'),
    reason: c.get('reason') ?? reasonOf(c.error),
    policy: c.get('policy')?.id ?? null,
    count: 1,
  }
}

const reasonOf = (error: Error | undefined): string | null => {
  if (!error) return null
  return error instanceof Rejection ? error.code : 'INTERNAL'
}

const queryOf = (c: Context<Env>, known: readonly string[], personal: readonly string[]): Record<string, string> => {
  const given = c.req.queries()
  const shown = (name: string): string => {
    const values = given[name] ?? []
    if (sensitive.test(name)) return '[redacted]'
    if (personal.includes(name) && !values.every(isPseudonym)) return '[personal]'
    return values.join(',').slice(0, valueCharsMax)
  }
  const names = known.filter((name) => Object.hasOwn(given, name))
  const strange = Object.keys(given).length - names.length
  return {
    ...Object.fromEntries(names.map((name) => [name, shown(name)])),
    ...(strange > 0 ? { '[unknown]': String(strange) } : {}),
  }
}

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
