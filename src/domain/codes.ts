/** Every reason for which a command or a query is refused. `http/errors.ts` maps each to each dialect. */
export type Code =
  | 'VALIDATION_FAILED'
  | 'PIPELINE_NOT_FOUND'
  | 'RUN_NOT_FOUND'
  | 'WEBHOOK_NOT_FOUND'
  | 'DELIVERY_NOT_FOUND'
  | 'SUBJECT_NOT_FOUND'
  | 'HOLD_NOT_FOUND'
  | 'ERASURE_NOT_FOUND'
  | 'LOG_NOT_FOUND'
  | 'TILE_NOT_FOUND'
  | 'EVENT_NOT_FOUND'
  | 'EVIDENCE_JOB_NOT_FOUND'
  | 'EVIDENCE_JOB_NOT_DONE'
  | 'EVIDENCE_JOBS_FULL'
  | 'RUN_EXISTS'
  | 'RUN_ACTIVE'
  | 'RUN_NOT_ACTIVE'
  | 'RUN_NOT_RUNNING'
  | 'RUN_PAUSED'
  | 'RUN_NOT_PAUSED'
  | 'RUN_CANCELING'
  | 'RUN_COMMITTED'
  | 'CLAIM_LOST'
  | 'STALE_ATTEMPT'
  | 'STAGE_OUT_OF_ORDER'
  | 'SUBJECT_ON_HOLD'
  | 'SUBJECT_ERASED'
  | 'APPROVALS_OPEN'
  | 'APPROVAL_NOT_FOUND'
  | 'APPROVAL_CLOSED'
  | 'APPROVAL_EXPIRED'
  | 'APPROVAL_MISMATCH'
  | 'APPROVAL_PENDING'
  | 'DELEGATION_NOT_FOUND'
  | 'SELF_APPROVAL'
  | 'NOT_REPLAYABLE'
  | 'NOT_PROMOTABLE'
  | 'BACKFILL_NOT_FOUND'
  | 'BACKFILL_EXISTS'
  | 'BACKFILL_NOT_ACTIVE'
  | 'PIPELINE_EXISTS'
  | 'OVERRIDE_NOT_FOUND'
  | 'CONTRACT_NOT_FOUND'
  | 'CONTRACT_VERSION_EXISTS'
  | 'CONTRACT_INCOMPATIBLE'
  | 'PRECONDITION_FAILED'
  | 'LEASE_HELD'
  | 'CHECKPOINT_MOVED'
  | 'CONFLICT'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'LEDGER_UNAVAILABLE'
  | 'VIEWS_BEHIND'
  | 'UNAVAILABLE'
  | 'UNAUTHORIZED'
  | 'KEY_NOT_CONFIGURED'
  | 'FORBIDDEN'
  | 'RATE_LIMITED'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'BODY_TOO_LARGE'
  | 'URL_TOO_LONG'
  | 'ROUTE_NOT_FOUND'
  | 'INTERNAL'

export type Details = Record<string, string | number | boolean | null | readonly string[]>

/** A command or query that was refused. The message is public: it never carries an internal one. */
export class Rejection extends Error {
  readonly code: Code
  readonly details: Details
  constructor(code: Code, message: string, details: Details = {}) {
    super(message)
    this.code = code
    this.details = details
  }
}
