import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { z } from 'zod'
import type { Code, Rejection } from '../domain/codes.ts'

type Table = Record<Code, readonly [status: ContentfulStatusCode, code: string]>

/** Status, and the code as the batch document spells it. A missing code does not compile. */
export const batchCodes: Table = {
  VALIDATION_FAILED: [400, 'VALIDATION_ERROR'],
  PIPELINE_NOT_FOUND: [404, 'PIPELINE_NOT_FOUND'],
  RUN_NOT_FOUND: [404, 'RUN_NOT_FOUND'],
  WEBHOOK_NOT_FOUND: [404, 'WEBHOOK_NOT_FOUND'],
  DELIVERY_NOT_FOUND: [404, 'DELIVERY_NOT_FOUND'],
  SUBJECT_NOT_FOUND: [404, 'SUBJECT_NOT_FOUND'],
  HOLD_NOT_FOUND: [404, 'HOLD_NOT_FOUND'],
  ERASURE_NOT_FOUND: [404, 'ERASURE_NOT_FOUND'],
  LOG_NOT_FOUND: [404, 'LOG_NOT_FOUND'],
  TILE_NOT_FOUND: [404, 'TILE_NOT_FOUND'],
  EVENT_NOT_FOUND: [404, 'EVENT_NOT_FOUND'],
  EVIDENCE_JOB_NOT_FOUND: [404, 'EVIDENCE_JOB_NOT_FOUND'],
  EVIDENCE_JOB_NOT_DONE: [409, 'EVIDENCE_JOB_NOT_DONE'],
  EVIDENCE_JOBS_FULL: [409, 'EVIDENCE_JOBS_FULL'],
  RUN_EXISTS: [409, 'RUN_EXISTS'],
  RUN_ACTIVE: [409, 'RUN_ACTIVE'],
  RUN_NOT_ACTIVE: [409, 'RUN_NOT_ACTIVE'],
  RUN_NOT_RUNNING: [409, 'RUN_NOT_RUNNING'],
  RUN_PAUSED: [409, 'RUN_PAUSED'],
  RUN_NOT_PAUSED: [409, 'RUN_NOT_PAUSED'],
  RUN_CANCELING: [409, 'RUN_CANCELING'],
  RUN_COMMITTED: [409, 'RUN_COMMITTED'],
  CLAIM_LOST: [409, 'CLAIM_LOST'],
  STALE_ATTEMPT: [409, 'STALE_ATTEMPT'],
  STAGE_OUT_OF_ORDER: [409, 'STAGE_OUT_OF_ORDER'],
  SUBJECT_ON_HOLD: [409, 'SUBJECT_ON_HOLD'],
  SUBJECT_ERASED: [409, 'SUBJECT_ERASED'],
  APPROVALS_OPEN: [409, 'APPROVALS_OPEN'],
  APPROVAL_NOT_FOUND: [404, 'APPROVAL_NOT_FOUND'],
  APPROVAL_CLOSED: [409, 'APPROVAL_CLOSED'],
  APPROVAL_EXPIRED: [409, 'APPROVAL_EXPIRED'],
  APPROVAL_MISMATCH: [409, 'APPROVAL_MISMATCH'],
  APPROVAL_PENDING: [409, 'APPROVAL_PENDING'],
  DELEGATION_NOT_FOUND: [404, 'DELEGATION_NOT_FOUND'],
  SELF_APPROVAL: [403, 'SELF_APPROVAL'],
  NOT_REPLAYABLE: [409, 'NOT_REPLAYABLE'],
  NOT_PROMOTABLE: [409, 'NOT_PROMOTABLE'],
  PIPELINE_EXISTS: [409, 'PIPELINE_EXISTS'],
  OVERRIDE_NOT_FOUND: [404, 'OVERRIDE_NOT_FOUND'],
  PRECONDITION_FAILED: [412, 'PRECONDITION_FAILED'],
  LEASE_HELD: [409, 'LEASE_HELD'],
  CHECKPOINT_MOVED: [409, 'CHECKPOINT_MOVED'],
  CONFLICT: [409, 'CONFLICT'],
  IDEMPOTENCY_KEY_REUSED: [422, 'IDEMPOTENCY_KEY_REUSED'],
  LEDGER_UNAVAILABLE: [503, 'LEDGER_UNAVAILABLE'],
  VIEWS_BEHIND: [503, 'VIEWS_BEHIND'],
  UNAVAILABLE: [503, 'UNAVAILABLE'],
  UNAUTHORIZED: [401, 'UNAUTHORIZED'],
  KEY_NOT_CONFIGURED: [500, 'KEY_NOT_CONFIGURED'],
  FORBIDDEN: [403, 'FORBIDDEN'],
  RATE_LIMITED: [429, 'RATE_LIMITED'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'UNSUPPORTED_MEDIA_TYPE'],
  BODY_TOO_LARGE: [413, 'BODY_TOO_LARGE'],
  URL_TOO_LONG: [414, 'URL_TOO_LONG'],
  ROUTE_NOT_FOUND: [404, 'NOT_FOUND'],
  INTERNAL: [500, 'INTERNAL_ERROR'],
}

export interface HttpError {
  status: ContentfulStatusCode
  body: object
  contentType?: string
}

export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
})

/** RFC 9457 problem details, for our own routes. */
export const nativeError = ({ code, message, details }: Rejection): HttpError => {
  const [status] = batchCodes[code]
  const body = { ...details, type: 'about:blank', title: code, status, detail: message }
  return { status, body, contentType: 'application/problem+json' }
}
