import type { z } from 'zod'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import type { Dialect } from '../dialect.ts'
import type { Operation } from '../operation.ts'
import { answersOf } from './answers.ts'
import { requestHeadersOf, securityOf } from './headers.ts'
import { type Components, isObject } from './schemas.ts'

/** `<dialect>.<method>.<words of the path>`. */
export const operationIdOf = (name: string, method: string, path: string): string =>
  [name, method, ...(path.match(/[A-Za-z0-9_-]+/g) ?? [])].join('.')

/** One operation, as OpenAPI writes it. */
export const operationObject = (dialect: Dialect, operation: Operation, components: Components): JsonObject => {
  const { method, path, summary, body, query, recordedFirst, publicBy } = operation
  const id = operationIdOf(dialect.name, method, path)
  return {
    operationId: id,
    tags: [dialect.name],
    summary,
    ...(recordedFirst ? { description: 'Answered when the record of this call is durable.' } : {}),
    security: [...securityOf(dialect.scheme), ...(publicBy === undefined ? [] : [{}])],
    parameters: [
      ...pathParameters(id, operation),
      ...(query === undefined ? [] : queryParameters(id, query, components)),
      ...requestHeadersOf(operation, dialect.scheme),
    ],
    ...(body === undefined ? {} : { requestBody: requestBody(id, dialect, body, components) }),
    responses: answersOf(id, dialect, operation, components),
  }
}

const pathParameters = (id: string, { path, parameters }: Operation): JsonObject[] =>
  [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => {
    const description = parameters[name]
    if (description === undefined) throw new Error(`${id} does not say what {${name}} is`)
    return { name, in: 'path', required: true, description, schema: { type: 'string' } }
  })

const queryParameters = (id: string, query: z.ZodType, components: Components): JsonObject[] => {
  const input = components.inline(`${id}.query`, query, 'input')
  const { properties: parsed } = components.inline(`${id}.query`, query, 'output')
  if (!isObject(input.properties)) throw new Error(`the query of ${id} is not one object`)
  const required = Array.isArray(input.required) ? input.required : []
  return Object.entries(input.properties).map(([name, property]) => {
    const { description, ...schema } = isObject(property) ? property : {}
    const output = isObject(parsed) ? parsed[name] : undefined
    const value = isObject(output) ? output.default : undefined
    return {
      name,
      in: 'query',
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: value === undefined ? schema : { ...schema, default: asGiven(schema, value) },
    }
  })
}

/** A default is known as what the parser makes of it; the caller would send it as text. */
const asGiven = ({ type }: JsonObject, value: JsonValue): JsonValue =>
  type === 'string' && (typeof value === 'number' || typeof value === 'boolean') ? String(value) : value

const requestBody = (id: string, { name }: Dialect, body: z.ZodType, components: Components): JsonObject => ({
  required: !body.safeParse(undefined).success,
  content: { 'application/json': { schema: components.add(name, `${id}.body`, body, 'input') } },
})
