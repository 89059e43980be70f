import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { textOf } from '../../support/sse.ts'
import { type DocumentedOperation, operationsOf } from './reading.ts'

/** A response, read. */
export interface Answer {
  status: number
  headers: Headers
  text: string
}

export const answerOf = async (response: Response): Promise<Answer> => ({
  status: response.status,
  headers: response.headers,
  text: await textOf(response),
})

interface Checker {
  operations: readonly (DocumentedOperation & { matches: RegExp })[]
  validatorOf(operation: DocumentedOperation, status: string, type: string): ValidateFunction
}

const checkers = new WeakMap<object, Checker>()

const checkerOf = (document: object): Checker => {
  const known = checkers.get(document)
  if (known) return known
  // zod tests its patterns without the flag u, so they are tested here as they are there.
  const ajv = new Ajv2020({ strict: false, unicodeRegExp: false, logger: false })
  formats.default(ajv)
  ajv.addSchema(document, 'document', undefined, false)
  const validators = new Map<string, ValidateFunction>()
  const checker: Checker = {
    operations: operationsOf(document)
      .map((operation) => ({ ...operation, matches: patternOf(operation.path) }))
      .sort((a, b) => parametersIn(a.path) - parametersIn(b.path)),
    validatorOf({ path, method }, status, type) {
      const keys = ['paths', path, method.toLowerCase(), 'responses', status, 'content', type, 'schema']
      const reference = `document#/${keys.map(escaped).join('/')}`
      const validate = validators.get(reference) ?? ajv.compile({ $ref: reference })
      validators.set(reference, validate)
      return validate
    },
  }
  checkers.set(document, checker)
  return checker
}

const escaped = (key: string): string => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))
const parametersIn = (path: string): number => path.split('{').length

/** A path of the document; clients may escape the colon of a verb. */
const patternOf = (path: string): RegExp => {
  const text = path
    .split(/\{[^}]+\}/)
    .map((part) => part.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(':', '(?::|%3[Aa])'))
    .join('[^/]+')
  return new RegExp(`^${text}$`)
}

/**
 * What is wrong with an answer by the document, or null. The operation is the one that the URL leads to; where it may
 * be several, one of them has to allow the answer. Beyond the document's routes only a failure (5xx) is wrong.
 */
export const checkAnswer = (
  document: object,
  request: { method: string; url: string },
  answer: Answer,
): string | null => {
  const asked = `${request.method} ${request.url.slice(0, 200)}`
  if (answer.status >= 500) return `${asked}: the server failed: ${answer.status} ${answer.text.slice(0, 500)}`
  const checker = checkerOf(document)
  const { pathname } = new URL(request.url)
  const possible = checker.operations.filter(
    ({ method, matches }) => method === request.method && matches.test(pathname),
  )
  const faults = possible.map((operation) => faultOf(checker, operation, answer))
  const [first] = faults
  return first === undefined || first === null || faults.includes(null) ? null : `${asked}: ${first}`
}

const faultOf = (checker: Checker, operation: DocumentedOperation, answer: Answer): string | null => {
  const { operationId, answers } = operation
  const status = String(answer.status)
  const documented = answers.get(status)
  if (!documented) return `${operationId} does not document ${status}: ${answer.text.slice(0, 200)}`
  const missing = documented.requiredHeaders.find((name) => !answer.headers.has(name))
  if (missing !== undefined) return `${operationId} ${status} has no ${missing}`
  const fault = bodyFault(checker, operation, documented.types, answer)
  return fault === null ? null : `${operationId} ${status} ${fault}`
}

const bodyFault = (
  checker: Checker,
  operation: DocumentedOperation,
  types: readonly string[],
  { status, headers, text }: Answer,
): string | null => {
  if (types.length === 0) return text === '' ? null : `has a body: ${text.slice(0, 200)}`
  const type = headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!types.includes(type)) return `is '${type}', not ${types.join(' or ')}`
  if (!/[/+]json$/.test(type)) return null
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return `is no JSON: ${text.slice(0, 200)}`
  }
  const validate = checker.validatorOf(operation, String(status), type)
  if (validate(body)) return null
  const errors = validate.errors?.map(({ instancePath, message }) => `${instancePath || '/'} ${message}`).join(', ')
  return `does not fit its schema: ${errors}: ${text.slice(0, 200)}`
}
