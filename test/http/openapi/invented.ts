import { z } from 'zod'
import type { Code } from '../../../src/domain/codes.ts'
import type { Dialect } from '../../../src/http/dialect.ts'
import { openApiDocument } from '../../../src/http/openapi/document.ts'
import { operation } from '../../../src/http/operation.ts'

const unused = () => Promise.reject(new Error('never called'))

const toy = z.object({
  toy_id: z.string(),
  made_at: z.date(),
  price: z.number().nullable(),
  parts: z.record(z.string(), z.json()),
})

const kind = z.enum(['wood', 'tin']).meta({ id: 'ToyKind', description: 'What a toy is made of' })

const makeToy = operation({
  method: 'post',
  path: '/toys/{shelf}',
  summary: 'Make a toy',
  action: 'RequestRun',
  kind: 'command',
  parameters: { shelf: 'Name of the shelf' },
  body: z
    .strictObject({
      name: z.string().min(1).max(20),
      kind: kind.optional(),
      count: z.int().min(1).max(9).default(1),
      parts: z.record(z.string(), z.json()).optional(),
    })
    .transform(({ name, ...others }) => ({ title: name, ...others })),
  answers: { 201: { description: 'The toy', schema: toy } },
  codes: ['PIPELINE_NOT_FOUND', 'RUN_EXISTS'],
  handle: unused,
})

const runToy = operation({
  method: 'post',
  path: '/{toy_id}:run',
  summary: 'Run a toy',
  action: 'RequestRun',
  kind: 'command',
  parameters: { toy_id: 'Id of the toy' },
  answers: { 204: { description: 'It runs', schema: z.void() } },
  codes: ['RUN_NOT_FOUND'],
  handle: unused,
})

const listToys = operation({
  method: 'get',
  path: '/toys',
  summary: 'List toys',
  action: 'ReadRuns',
  kind: 'query',
  recordedFirst: true,
  parameters: {},
  query: z.strictObject({
    shelf: z.string().meta({ description: 'Only of this shelf' }),
    kind: kind.optional(),
    since: z.iso.datetime().optional(),
    limit: z
      .string()
      .regex(/^\d{1,3}$/)
      .transform(Number)
      .default(20),
  }),
  answers: { 200: { description: 'Toys', schema: z.object({ toys: z.array(toy), total: z.int() }) } },
  codes: [],
  handle: unused,
})

const statuses: Partial<Record<Code, number>> = {
  VALIDATION_FAILED: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  PIPELINE_NOT_FOUND: 404,
  RUN_NOT_FOUND: 404,
  RUN_EXISTS: 409,
  CONFLICT: 409,
  BODY_TOO_LARGE: 413,
  URL_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  IDEMPOTENCY_KEY_REUSED: 422,
  RATE_LIMITED: 429,
  VIEWS_BEHIND: 503,
  LEDGER_UNAVAILABLE: 503,
}

/** A dialect with every feature that a document can show. */
export const toys: Dialect = {
  name: 'toys',
  prefix: '/play',
  scheme: 'bearer',
  limits: 'generous',
  operations: [makeToy, runToy, listToys],
  shape: ({ message }) => ({ status: 400, body: { error: message } }),
  statusOf: (code) => statuses[code] ?? 500,
  errorSchema: z.object({ error: z.string() }),
  errorType: 'application/problem+json',
}

/** One whose answer and errors share the status 200, for a caller with a key. */
const keyed: Dialect = {
  ...toys,
  name: 'keyed',
  prefix: '',
  scheme: 'api-key',
  operations: [{ ...listToys, path: '/', codes: ['RUN_NOT_FOUND'] }],
  statusOf: (code) => (code === 'RUN_NOT_FOUND' ? 200 : toys.statusOf(code)),
  errorType: 'application/json',
}

/** One that needs a tenant by name. */
const tenanted: Dialect = {
  ...toys,
  name: 'tenanted',
  prefix: '/t',
  scheme: 'bearer-and-tenant',
  operations: [runToy],
}

const health = {
  path: '/health',
  summary: 'Whether the process lives',
  answers: { 200: { description: 'It does', schema: z.object({ status: z.literal('ok') }) } },
}

export const inventedDocument = (): object => openApiDocument([toys, keyed, tenanted], { version: '1.2.3' }, [health])
