import type { Code } from '../../domain/codes.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Dialect } from '../dialect.ts'
import type { Operation } from '../operation.ts'
import { answerHeadersOf, isStream } from './headers.ts'
import type { Components } from './schemas.ts'

// Every operation has headers that can be wrong, so VALIDATION_FAILED is among them.
const ofAll: readonly Code[] = [
  'VALIDATION_FAILED',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'URL_TOO_LONG',
  'LEDGER_UNAVAILABLE',
  'INTERNAL',
]
const ofBodies: readonly Code[] = ['BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE']
const ofCommands: readonly Code[] = ['IDEMPOTENCY_KEY_REUSED', 'CONFLICT']
const ofQueries: readonly Code[] = ['VIEWS_BEHIND']

/** Every code that an operation may answer with: its own, then the general ones. */
const codesOf = ({ scheme }: Dialect, operation: Operation): readonly Code[] => {
  const { codes, body, kind } = operation
  return [
    ...new Set([
      ...codes,
      ...ofAll,
      ...(body === undefined ? [] : ofBodies),
      ...(kind === 'command' ? ofCommands : isStream(operation) ? [] : ofQueries),
      ...(scheme === 'api-key' ? (['KEY_NOT_CONFIGURED'] as const) : []),
    ]),
  ]
}

const withoutContent = new Set([204, 205, 304])

/** Schemas by media type; where an answer and an error share a status, either may come. */
const contentOf = (schemas: readonly (readonly [type: string, schema: JsonObject])[]): JsonObject => {
  const types = [...new Set(schemas.map(([type]) => type))]
  return Object.fromEntries(
    types.map((type) => {
      const [only, ...others] = schemas.flatMap(([each, schema]) => (each === type ? [schema] : []))
      return [type, { schema: others.length === 0 ? (only ?? {}) : { anyOf: only ? [only, ...others] : others } }]
    }),
  )
}

/** The answers that went well, by status, without what a dialect adds. */
export const plainAnswers = (id: string, answers: Operation['answers'], components: Components): JsonObject =>
  Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema, type = 'application/json' }]) => {
      if (withoutContent.has(Number(status))) return [status, { description }]
      const shown = components.add(id, `${id}.${status}`, schema, 'output')
      return [status, { description, content: contentOf([[type, shown]]) }]
    }),
  )

/** All answers of an operation, by status. */
export const answersOf = (id: string, dialect: Dialect, operation: Operation, components: Components): JsonObject => {
  const codes = codesOf(dialect, operation)
  const statuses = [...Object.keys(operation.answers).map(Number), ...codes.map((code) => dialect.statusOf(code))]
  const { name, errorSchema, errorType } = dialect
  const answerOf = (status: number): JsonObject => {
    const answer = operation.answers[status]
    const errors = codes.filter((code) => dialect.statusOf(code) === status)
    const listed = errors.map((code) => `\`${code}\``).join(', ')
    const schemas: [string, JsonObject][] = []
    if (answer && !withoutContent.has(status)) {
      const { schema, type = 'application/json', or = [] } = answer
      schemas.push([type, components.add(name, `${id}.${status}`, schema, 'output')])
      for (const other of or) schemas.push([other, { type: other.endsWith('+json') ? 'object' : 'string' }])
    }
    if (errors.length > 0) schemas.push([errorType, components.add(name, `${name}.error`, errorSchema, 'output')])
    return {
      description: [answer?.description, listed].filter(Boolean).join('; or '),
      headers: answerHeadersOf(operation, status, answer !== undefined),
      ...(schemas.length === 0 ? {} : { content: contentOf(schemas) }),
    }
  }
  return Object.fromEntries([...new Set(statuses)].map((status) => [String(status), answerOf(status)]))
}
