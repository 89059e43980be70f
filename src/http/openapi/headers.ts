import type { JsonObject } from '../../domain/json.ts'
import type { Scheme } from '../dialect.ts'
import type { Operation } from '../operation.ts'
import { refTo } from './schemas.ts'

const text: JsonObject = { type: 'string' }
const count: JsonObject = { type: 'integer', minimum: 0 }

const requestHeader = (name: string, description: string, schema = text, required = false): JsonObject => ({
  name,
  in: 'header',
  required,
  description,
  schema,
})

const tenant = 'The tenant to act for, one of those that the token grants'

/** What a request may carry besides its input, by component name. */
export const requestHeaders: JsonObject = {
  IdempotencyKey: requestHeader(
    'Idempotency-Key',
    'The same key with the same request is answered as it was the first time',
    { ...text, minLength: 1, maxLength: 257 },
  ),
  LedgerPosition: requestHeader(
    'Ledger-Position',
    'The Ledger-Position of an earlier answer: what is read is at least as new',
  ),
  LastEventId: requestHeader(
    'Last-Event-ID',
    'The id of the last event that was received, or a Ledger-Position: the stream goes on after it',
  ),
  RequestId: requestHeader(
    'X-Request-Id',
    'Letters, digits, _ . - and at most 128 of them; anything else is replaced by a new id',
  ),
  TenantId: requestHeader('X-Tenant-ID', tenant, text, true),
  TenantIdOptional: requestHeader('X-Tenant-ID', `${tenant}; without it, the token's own`),
}

/** What an answer may carry, by component name. `required` says that every such answer does. */
export const answerHeaders: JsonObject = {
  'X-Request-Id': { description: 'The id of this request', required: true, schema: text },
  'Ledger-Position': {
    description: 'An opaque word for how far the ledger was; sent with a read, the read is at least as new',
    schema: text,
  },
  'Ledger-Lag': { description: '`true` where the answer may miss the newest events', schema: text },
  'X-RateLimit-Limit': { description: 'Requests an hour', schema: count },
  'X-RateLimit-Remaining': { description: 'Requests left in this hour', schema: count },
  'X-RateLimit-Reset': { description: 'When the hour ends, in seconds since 1970', schema: count },
  RateLimit: { description: 'What is left, by draft-ietf-httpapi-ratelimit-headers', schema: text },
  'RateLimit-Policy': { description: 'What is allowed, by draft-ietf-httpapi-ratelimit-headers', schema: text },
  'Retry-After': { description: 'Seconds to wait before asking again', schema: count },
}

const limits = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'RateLimit', 'RateLimit-Policy']

const byScheme: Record<Scheme, readonly string[]> = {
  bearer: ['TenantIdOptional'],
  'bearer-and-tenant': ['TenantId'],
  'api-key': [],
}

export const isStream = ({ answers }: Operation): boolean =>
  Object.values(answers).some(({ type }) => type === 'text/event-stream')

/** Whether a stream may be asked for instead. */
const streamsToo = ({ answers }: Operation): boolean =>
  Object.values(answers).some(({ or }) => or?.includes('text/event-stream'))

export const requestHeadersOf = (operation: Operation, scheme: Scheme): JsonObject[] => {
  const ofQueries = isStream(operation) ? 'LastEventId' : 'LedgerPosition'
  const own = operation.kind === 'command' ? 'IdempotencyKey' : ofQueries
  const names = [own, ...(streamsToo(operation) ? ['LastEventId'] : []), 'RequestId', ...byScheme[scheme]]
  return names.map((name) => refTo('parameters', name))
}

/** The headers of an answer with this status; `answered` when it is not an error alone. */
export const answerHeadersOf = ({ kind }: Operation, status: number, answered: boolean): JsonObject => {
  const position = kind === 'query' ? ['Ledger-Position', 'Ledger-Lag'] : ['Ledger-Position']
  // Who is unknown has no allowance; a long URL is refused, and a server may fail, before calls are counted.
  const counted = status !== 401 && status !== 414 && status < 500
  const names = [
    'X-Request-Id',
    ...(answered ? position : []),
    ...(counted ? limits : []),
    ...(status === 429 || status === 503 ? ['Retry-After'] : []),
  ]
  return Object.fromEntries(names.map((name) => [name, refTo('headers', name)]))
}

export const securitySchemes: JsonObject = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
}

export const securityOf = (scheme: Scheme): JsonObject[] => [scheme === 'api-key' ? { apiKey: [] } : { bearer: [] }]
