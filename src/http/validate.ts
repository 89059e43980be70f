import type { Context } from 'hono'
import type { z } from 'zod'
import { Rejection } from '../domain/codes.ts'
import type { Env } from './context.ts'

const bodyBytesMax = 1_048_576

/** The request's JSON body. Throws VALIDATION_FAILED that names the field and the reason. */
export const jsonBody = async <Schema extends z.ZodType>(
  c: Context<Env>,
  schema: Schema,
): Promise<z.output<Schema>> => {
  if (Number(c.req.header('content-length') ?? 0) > bodyBytesMax) throw tooLarge()
  const text = await c.req.text()
  if (Buffer.byteLength(text) > bodyBytesMax) throw tooLarge()
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw new Rejection('VALIDATION_FAILED', text === '' ? 'body: required' : 'body: not valid JSON', { field: 'body' })
  }
  return parse(schema, body, 'body')
}

export const queryOf = <Schema extends z.ZodType>(c: Context<Env>, schema: Schema): z.output<Schema> =>
  parse(schema, c.req.query(), 'query')

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
