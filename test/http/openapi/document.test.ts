import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openApiDocument } from '../../../src/http/openapi/document.ts'
import { inventedDocument, toys } from './invented.ts'
import { at, operationsOf, parameterNames } from './reading.ts'

const document = inventedDocument()
const copy = () => z.record(z.string(), z.unknown()).parse(structuredClone(document))
const of = (path: string, method: string, ...rest: string[]) => at(document, 'paths', path, method, ...rest)
const listed = (path: string, method: string) =>
  Object.keys(
    z
      .object({})
      .loose()
      .parse(of(path, method, 'responses')),
  )

const parameter = (path: string, method: string, name: string) =>
  z
    .array(z.object({}).loose())
    .parse(of(path, method, 'parameters'))
    .find((each) => each.name === name)

describe('the document', () => {
  test('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(copy())).toEqual({ valid: true })
  })

  test('is invalid where something is taken away (so the check above can fail)', async () => {
    const { info: _, ...headless } = copy()
    expect((await new Validator().validate(headless)).valid).toBe(false)
  })

  test('has schemas of JSON Schema 2020-12, and no reference leads nowhere', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    const schemas = z.record(z.string(), z.object({}).loose()).parse(at(document, 'components', 'schemas'))
    for (const schema of Object.values(schemas)) expect(ajv.validateSchema(schema)).toBe(true)
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path)
    for (const path of references) expect(at(document, ...path.split('/')), path).toBeTypeOf('object')
  })

  test('says its version, and a tag for each dialect', () => {
    expect(at(document, 'info')).toEqual({ title: 'Ledgerline', version: '1.2.3' })
    const tags = z.array(z.object({ name: z.string() })).parse(at(document, 'tags'))
    expect(tags.map(({ name }) => name)).toEqual(['toys', 'keyed', 'tenanted', 'process'])
  })

  test('names each operation by dialect, method and path', () => {
    expect(operationsOf(document).map(({ operationId }) => operationId)).toEqual([
      'toys.post.toys.shelf',
      'toys.post.toy_id.run',
      'toys.get.toys',
      'keyed.get',
      'tenanted.post.toy_id.run',
      'process.get.health',
    ])
  })

  test('says that an operation answers after its record is durable', () => {
    expect(of('/play/toys', 'get', 'description')).toBe('Answered when the record of this call is durable.')
  })

  test('shows a schema that stands in two places once', () => {
    const names = Object.keys(
      z
        .object({})
        .loose()
        .parse(at(document, 'components', 'schemas')),
    )
    expect(names.sort()).toEqual(
      [
        'Json',
        'ToyKind',
        'keyed.error',
        'keyed.get.200',
        'process.get.health.200',
        'tenanted.error',
        'toys.error',
        'toys.get.toys.200',
        'toys.post.toys.shelf.201',
        'toys.post.toys.shelf.body',
      ].sort(),
    )
    expect(at(document, 'components', 'schemas', 'toys.get.toys.200', 'properties', 'toys', 'items')).toEqual({
      $ref: '#/components/schemas/toys.post.toys.shelf.201',
    })
  })

  test('refuses two operations on one route, and a path parameter without a word', () => {
    expect(() => openApiDocument([toys, { ...toys, name: 'others' }], { version: '1' })).toThrow('two operations at')
    const operations = toys.operations.map((each) => ({ ...each, parameters: {} }))
    expect(() => openApiDocument([{ ...toys, operations }], { version: '1' })).toThrow(
      'toys.post.toys.shelf does not say what {shelf} is',
    )
  })

  test('refuses two operations whose ids are one', () => {
    const [first] = toys.operations
    const operations = first ? [first, { ...first, path: '/toys/shelf' }] : []
    expect(() => openApiDocument([{ ...toys, operations }], { version: '1' })).toThrow(
      'two operations toys.post.toys.shelf',
    )
  })
})

describe('what goes in', () => {
  test('a path parameter is required and described', () => {
    expect(parameter('/play/toys/{shelf}', 'post', 'shelf')).toEqual({
      name: 'shelf',
      in: 'path',
      required: true,
      description: 'Name of the shelf',
      schema: { type: 'string' },
    })
  })

  test('each property of the query is a parameter: required, default, format and choices are shown', () => {
    expect(parameter('/play/toys', 'get', 'shelf')).toMatchObject({
      in: 'query',
      required: true,
      description: 'Only of this shelf',
    })
    expect(parameter('/play/toys', 'get', 'limit')).toMatchObject({
      required: false,
      schema: { type: 'string', pattern: '^\\d{1,3}$', default: '20' },
    })
    expect(parameter('/play/toys', 'get', 'since')).toMatchObject({ schema: { format: 'date-time' } })
    expect(parameter('/play/toys', 'get', 'kind')).toMatchObject({ schema: { $ref: '#/components/schemas/ToyKind' } })
    expect(at(document, 'components', 'schemas', 'ToyKind', 'enum')).toEqual(['wood', 'tin'])
  })

  test('a body is JSON, required, and what the caller sends, not what the parser makes of it', () => {
    expect(of('/play/toys/{shelf}', 'post', 'requestBody')).toEqual({
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/toys.post.toys.shelf.body' } } },
    })
    expect(at(document, 'components', 'schemas', 'toys.post.toys.shelf.body')).toMatchObject({
      required: ['name'],
      additionalProperties: false,
      properties: { name: { minLength: 1, maxLength: 20 }, count: { type: 'integer', default: 1 } },
    })
    expect(of('/play/{toy_id}:run', 'post', 'requestBody')).toBeUndefined()
  })

  test('a command takes an Idempotency-Key, a query a Ledger-Position, each as its scheme wants the tenant', () => {
    const named = (path: string, method: string) => parameterNames(document, path, method, 'header')
    expect(named('/play/{toy_id}:run', 'post')).toEqual(['Idempotency-Key', 'X-Request-Id', 'X-Tenant-ID'])
    expect(named('/play/toys', 'get')).toEqual(['Ledger-Position', 'X-Request-Id', 'X-Tenant-ID'])
    expect(named('/', 'get')).toEqual(['Ledger-Position', 'X-Request-Id'])
    expect(at(document, 'components', 'parameters', 'TenantId', 'required')).toBe(true)
    expect(at(document, 'components', 'parameters', 'TenantIdOptional', 'required')).toBe(false)
    expect(JSON.stringify(of('/t/{toy_id}:run', 'post', 'parameters'))).toContain('parameters/TenantId"')
  })

  test('each operation names how it knows its caller; a plain route asks nobody', () => {
    expect(of('/play/toys', 'get', 'security')).toEqual([{ bearer: [] }])
    expect(of('/t/{toy_id}:run', 'post', 'security')).toEqual([{ bearer: [] }])
    expect(of('/', 'get', 'security')).toEqual([{ apiKey: [] }])
    expect(of('/health', 'get', 'security')).toEqual([])
  })
})

describe('what comes out', () => {
  test('statuses are the answer, its own codes and the general ones', () => {
    const common = ['400', '401', '403', '414', '429', '500', '503']
    expect(listed('/play/toys/{shelf}', 'post')).toEqual(['201', '404', '409', '413', '415', '422', ...common].sort())
    expect(listed('/play/{toy_id}:run', 'post')).toEqual(['204', '404', '409', '422', ...common].sort())
    expect(listed('/play/toys', 'get')).toEqual(['200', ...common].sort())
    expect(listed('/health', 'get')).toEqual(['200'])
  })

  test('a status lists its codes, in the shape and the media type of the dialect', () => {
    expect(of('/play/toys/{shelf}', 'post', 'responses', '409')).toMatchObject({
      description: '`RUN_EXISTS`, `CONFLICT`',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/toys.error' } } },
    })
    expect(of('/play/toys', 'get', 'responses', '503', 'description')).toBe('`LEDGER_UNAVAILABLE`, `VIEWS_BEHIND`')
    expect(of('/', 'get', 'responses', '500', 'description')).toBe('`INTERNAL`, `KEY_NOT_CONFIGURED`')
  })

  test('204 has no content', () => {
    expect(of('/play/{toy_id}:run', 'post', 'responses', '204', 'content')).toBeUndefined()
  })

  test('where an answer and an error share a status, either may come', () => {
    expect(of('/', 'get', 'responses', '200')).toMatchObject({
      description: 'Toys; or `RUN_NOT_FOUND`',
      content: {
        'application/json': {
          schema: {
            anyOf: [{ $ref: '#/components/schemas/keyed.get.200' }, { $ref: '#/components/schemas/keyed.error' }],
          },
        },
      },
    })
  })

  test('every answer has its request id; limits where the caller is known; Retry-After where waiting helps', () => {
    const headers = (status: string) =>
      Object.keys(
        z
          .object({})
          .loose()
          .parse(of('/play/toys', 'get', 'responses', status, 'headers')),
      )
    const limits = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'RateLimit', 'RateLimit-Policy']
    expect(headers('200')).toEqual(['X-Request-Id', 'Ledger-Position', 'Ledger-Lag', ...limits])
    expect([headers('401'), headers('414')]).toEqual([['X-Request-Id'], ['X-Request-Id']])
    expect(headers('403')).toEqual(['X-Request-Id', ...limits])
    expect(headers('429')).toEqual(['X-Request-Id', ...limits, 'Retry-After'])
    expect(headers('503')).toEqual(['X-Request-Id', 'Retry-After'])
    expect(at(document, 'components', 'headers', 'X-Request-Id', 'required')).toBe(true)
  })
})
