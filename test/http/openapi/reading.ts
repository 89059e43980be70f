import { z } from 'zod'

const json = z.record(z.string(), z.unknown())

/** What lies in an OpenAPI document below these keys; undefined where nothing does. */
export const at = (document: object, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>((value, key) => json.safeParse(value).data?.[key], document)

const keysOf = (pointer: string): string[] =>
  pointer
    .replace(/^#\//, '')
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))

/** The value itself, where a reference stands for it. */
export const resolved = (document: object, value: unknown): unknown => {
  const reference = json.safeParse(value).data?.$ref
  return typeof reference === 'string' ? resolved(document, at(document, ...keysOf(reference))) : value
}

const parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean().default(false),
  schema: json,
})
export type Parameter = z.output<typeof parameter>

const header = z.object({ required: z.boolean().default(false) })

const response = z.object({
  headers: json.default({}),
  content: z.record(z.string(), json).optional(),
})

const described = z.object({
  operationId: z.string(),
  parameters: z.array(z.unknown()).default([]),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: json })) }).optional(),
  responses: z.record(z.string(), z.unknown()),
})

/** An answer that is documented: the headers that it always has, and the media types of its body. */
interface Documented {
  requiredHeaders: readonly string[]
  types: readonly string[]
}

export interface DocumentedOperation {
  operationId: string
  /** In capitals. */
  method: string
  /** As the document writes it: `/runs/{run_id}`. */
  path: string
  parameters: readonly Parameter[]
  /** Schema of the JSON body. */
  body?: Record<string, unknown>
  /** By status. */
  answers: ReadonlyMap<string, Documented>
}

const answerOf = (document: object, value: unknown): Documented => {
  const { headers, content = {} } = response.parse(resolved(document, value))
  const requiredHeaders = Object.entries(headers)
    .filter(([, each]) => header.parse(resolved(document, each)).required)
    .map(([name]) => name)
  return { requiredHeaders, types: Object.keys(content) }
}

/** All operations of a document, in its order. */
export const operationsOf = (document: object): DocumentedOperation[] =>
  Object.entries(json.parse(at(document, 'paths'))).flatMap(([path, item]) =>
    Object.entries(json.parse(item)).map(([method, value]) => {
      const { operationId, parameters, requestBody, responses } = described.parse(value)
      const body = requestBody?.content['application/json']?.schema
      return {
        operationId,
        method: method.toUpperCase(),
        path,
        parameters: parameters.map((each) => parameter.parse(resolved(document, each))),
        ...(body === undefined ? {} : { body }),
        answers: new Map(Object.entries(responses).map(([status, each]) => [status, answerOf(document, each)])),
      }
    }),
  )

/** What asks nobody who calls: named here one by one, so that none joins them unseen. */
const forAnyone = ['/health', '/ready', '/metrics']

/** The operations that have a caller. */
export const calledOperationsOf = (document: object): DocumentedOperation[] =>
  operationsOf(document).filter(({ path }) => !forAnyone.includes(path))

export const parameterNames = (document: object, path: string, method: string, where: Parameter['in']): string[] =>
  operationsOf(document)
    .filter((each) => each.path === path && each.method === method.toUpperCase())
    .flatMap(({ parameters }) => parameters.filter((each) => each.in === where).map(({ name }) => name))
