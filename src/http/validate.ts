import type { Context } from 'hono'
import { z } from 'zod'
import { Rejection } from '../domain/codes.ts'
import type { Env } from './context.ts'
import { isWellFormed, nestingOf } from './nesting.ts'

const bodyBytesMax = 1_048_576
/** Deeper than anybody writes; schemas and hashes walk a body by recursion. */
const nestingMax = 64
const jsonType = /^application\/([a-z.+-]+\+)?json\b/i

/** The request's JSON body. Throws VALIDATION_FAILED that names the field and the reason. */
export const jsonBody = async <Schema extends z.ZodType>(
  c: Context<Env>,
  schema: Schema,
): Promise<z.output<Schema>> => {
  const type = c.req.header('content-type')
  if (type !== undefined && !jsonType.test(type)) {
    throw new Rejection('UNSUPPORTED_MEDIA_TYPE', `the body must be application/json, not '${type}'`)
  }
  const text = await boundedText(c).catch((error) => {
    if (error instanceof Rejection) throw error
    throw new Rejection('VALIDATION_FAILED', 'body: it broke off', { field: 'body' })
  })
  if (nestingOf(text) > nestingMax) {
    throw new Rejection('VALIDATION_FAILED', `body: nested deeper than ${nestingMax} levels`, { field: 'body' })
  }
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new Rejection('VALIDATION_FAILED', text === '' ? 'body: required' : 'body: not valid JSON', { field: 'body' })
  }
  // Only an escape can bring one in: a body that is not UTF-8 has been mended when it was read.
  if (/\\ud[89a-f]/i.test(text) && !isWellFormed(body)) {
    throw new Rejection('VALIDATION_FAILED', 'body: holds half of a character', { field: 'body' })
  }
  return parse(schema, body, 'body')
}

/** A body whose length is not told in advance is read only as far as it may go. */
const boundedText = async (c: Context<Env>): Promise<string> => {
  const length = c.req.header('content-length')
  if (Number(length ?? 0) > bodyBytesMax) throw tooLarge()
  if (length !== undefined || c.req.raw.body === null) return c.req.text()
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of c.req.raw.body) {
    bytes += chunk.byteLength
    if (bytes > bodyBytesMax) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The request's query. Throws VALIDATION_FAILED that names the field and the reason. */
export const queryOf = <Schema extends z.ZodType>(c: Context<Env>, schema: Schema): z.output<Schema> => {
  for (const [field, values] of Object.entries(c.req.queries())) {
    if (values.length > 1) throw new Rejection('VALIDATION_FAILED', `${field}: given more than once`, { field })
  }
  return parse(schema, c.req.query(), 'query')
}

const parse = <Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const path = [...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])]
  const field = path.length > 0 ? path.join('.') : where
  const reason = unknownKey === undefined ? (issue?.message ?? 'invalid') : 'unknown field'
  throw new Rejection('VALIDATION_FAILED', `${field}: ${reason}`, { field })
}

const tooLarge = () => new Rejection('BODY_TOO_LARGE', `the body is larger than ${bodyBytesMax} bytes`)

/** What is wrong with a field that is not there, or is not of its kind. */
export const required = (kind: string) => (issue: { input?: unknown }) =>
  issue.input === undefined ? 'required' : `must be ${kind}`

/** A whole number as it stands in a query. */
export const wholeNumber = (min: number, max: number, wanted = `must be a whole number from ${min} to ${max}`) =>
  z
    .string()
    .regex(/^\d{1,9}$/, wanted)
    .transform(Number)
    .refine((value) => value >= min && value <= max, wanted)
