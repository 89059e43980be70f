import type { JsonObject } from '../../domain/json.ts'
import type { Dialect } from '../dialect.ts'
import type { Operation } from '../operation.ts'
import { plainAnswers } from './answers.ts'
import { answerHeaders, requestHeaders, securitySchemes } from './headers.ts'
import { operationIdOf, operationObject } from './operations.ts'
import { Components, isObject } from './schemas.ts'

/** A GET route beside the dialects, for anyone: `/health`. */
export interface PlainRoute {
  path: string
  summary: string
  answers: Operation['answers']
}

const plainTag = 'process'

/**
 * The OpenAPI 3.1 document of all dialects. Every body, answer and error is a component; one that has an id of its own
 * (`.meta({ id })`) is so wherever it stands. Throws when two operations have one route or one operationId, when a path
 * parameter is not described, and when a query is not one object.
 */
export const openApiDocument = (
  dialects: readonly Dialect[],
  info: { version: string },
  plain: readonly PlainRoute[] = [],
): object => {
  const components = new Components()
  const paths = new Paths()
  for (const dialect of dialects) {
    for (const operation of dialect.operations) {
      const path = joined(dialect.prefix, operation.path)
      paths.put(path, operation.method, operationObject(dialect, operation, components))
    }
  }
  for (const { path, summary, answers } of plain) {
    const operationId = operationIdOf(plainTag, 'get', path)
    const responses = plainAnswers(operationId, answers, components)
    paths.put(path, 'get', { operationId, tags: [plainTag], summary, security: [], responses })
  }
  components.fold()
  return {
    openapi: '3.1.1',
    info: { title: 'Ledgerline', version: info.version },
    tags: [
      ...dialects.map(({ name, prefix }) => ({ name, description: `below ${prefix || '/'}` })),
      ...(plain.length > 0 ? [{ name: plainTag, description: 'The process itself' }] : []),
    ],
    paths: paths.byPath,
    components: {
      schemas: components.schemas,
      parameters: requestHeaders,
      headers: answerHeaders,
      securitySchemes,
    },
  }
}

const joined = (prefix: string, path: string): string => (prefix + path).replace(/(.)\/$/, '$1')

class Paths {
  readonly byPath: Record<string, JsonObject> = {}
  private readonly ids = new Set<unknown>()

  put(path: string, method: string, operation: JsonObject): void {
    const item = this.byPath[path] ?? {}
    if (isObject(item[method])) throw new Error(`two operations at ${method} ${path}`)
    if (this.ids.has(operation.operationId)) throw new Error(`two operations ${String(operation.operationId)}`)
    this.ids.add(operation.operationId)
    this.byPath[path] = { ...item, [method]: operation }
  }
}
