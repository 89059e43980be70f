import { z } from 'zod'
import type { Rejection } from '../../../domain/codes.ts'
import { batchCodes, type HttpError } from '../../errors.ts'

const invalid = z.strictObject({ loc: z.array(z.string()), msg: z.string(), type: z.string() })

export const etlErrorAnswer = z.union([
  z.strictObject({ detail: z.string(), status_code: z.int(), error_code: z.string() }),
  z.strictObject({ detail: z.array(invalid) }),
])

/** `{detail, status_code, error_code}`, and a list of fields for what does not validate, as the document has it. */
export const etlError = ({ code, message, details }: Rejection): HttpError => {
  const [status, errorCode] = batchCodes[code]
  if (code !== 'VALIDATION_FAILED' || typeof details.field !== 'string') {
    return { status, body: { detail: message, status_code: status, error_code: errorCode } }
  }
  const { field } = details
  const msg = message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message
  const loc = field === 'body' ? ['body'] : ['body', ...field.split('.')]
  return { status, body: { detail: [{ loc, msg, type: msg === 'required' ? 'value_error.missing' : 'value_error' }] } }
}
