import type { z } from 'zod'
import type { Code, Rejection } from '../domain/codes.ts'
import type { HttpError } from './errors.ts'
import type { Operation } from './operation.ts'

/** How a dialect's document wants to know who calls. */
export type Scheme = 'bearer' | 'bearer-and-tenant' | 'api-key'

/** One API on the common domain: its routes, its shape of errors, its way to authenticate. */
export interface Dialect {
  name: string
  /** Where its routes begin, for example `/api/pipeline`; empty for the root. */
  prefix: string
  scheme: Scheme
  /** Whether a token's plan limits its calls, as the etl document has it, or the operator's own allowance. */
  limits: 'plan' | 'generous'
  operations: readonly Operation[]
  /** A rejection as the dialect's document shows errors. */
  shape(rejection: Rejection): HttpError
  /** Status by code, as `shape` gives it. */
  statusOf(code: Code): number
  /** What `shape` puts into a body. */
  errorSchema: z.ZodType
  /** Media type of an error. */
  errorType: string
}
