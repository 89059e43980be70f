import { z } from 'zod'
import type { Rejection } from '../../../domain/codes.ts'
import { batchCodes, type HttpError } from '../../errors.ts'

export const agentErrorAnswer = z.strictObject({ detail: z.string() })

/** `{detail}`: the document names the statuses only, and its server is FastAPI, which answers so. */
export const agentError = ({ code, message }: Rejection): HttpError => {
  const [status] = batchCodes[code]
  return { status, body: { detail: message } }
}
