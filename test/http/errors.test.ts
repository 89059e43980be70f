import { describe, expect, test } from 'vitest'
import { type Code, Rejection } from '../../src/domain/codes.ts'
import { batchError } from '../../src/http/dialects/batch/errors.ts'
import { nativeError } from '../../src/http/errors.ts'

/** Every code with its status; the compiler says when one is missing. */
const statuses: Record<Code, number> = {
  VALIDATION_FAILED: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  URL_TOO_LONG: 414,
  RATE_LIMITED: 429,
  KEY_NOT_CONFIGURED: 500,
  PIPELINE_NOT_FOUND: 404,
  RUN_NOT_FOUND: 404,
  ROUTE_NOT_FOUND: 404,
  WEBHOOK_NOT_FOUND: 404,
  DELIVERY_NOT_FOUND: 404,
  SUBJECT_NOT_FOUND: 404,
  HOLD_NOT_FOUND: 404,
  DATASET_NOT_FOUND: 404,
  COLUMN_NOT_FOUND: 404,
  ERASURE_NOT_FOUND: 404,
  LOG_NOT_FOUND: 404,
  TILE_NOT_FOUND: 404,
  EVENT_NOT_FOUND: 404,
  EVIDENCE_JOB_NOT_FOUND: 404,
  EVIDENCE_JOB_NOT_DONE: 409,
  EVIDENCE_JOBS_FULL: 409,
  RUN_EXISTS: 409,
  RUN_ACTIVE: 409,
  RUN_NOT_ACTIVE: 409,
  RUN_NOT_RUNNING: 409,
  RUN_PAUSED: 409,
  RUN_NOT_PAUSED: 409,
  RUN_CANCELING: 409,
  RUN_COMMITTED: 409,
  CLAIM_LOST: 409,
  STALE_ATTEMPT: 409,
  STAGE_OUT_OF_ORDER: 409,
  SUBJECT_ON_HOLD: 409,
  SUBJECT_ERASED: 409,
  APPROVALS_OPEN: 409,
  APPROVAL_NOT_FOUND: 404,
  APPROVAL_CLOSED: 409,
  APPROVAL_EXPIRED: 409,
  APPROVAL_MISMATCH: 409,
  APPROVAL_PENDING: 409,
  DELEGATION_NOT_FOUND: 404,
  SELF_APPROVAL: 403,
  NOT_REPLAYABLE: 409,
  NOT_PROMOTABLE: 409,
  ALERT_NOT_FOUND: 404,
  ALERT_RESOLVED: 409,
  BACKFILL_NOT_FOUND: 404,
  BACKFILL_EXISTS: 409,
  BACKFILL_NOT_ACTIVE: 409,
  DEAD_LETTER_NOT_FOUND: 404,
  DEAD_LETTER_ENDED: 409,
  DEAD_LETTER_RETRYING: 409,
  PAYLOAD_NOT_FOUND: 404,
  PIPELINE_EXISTS: 409,
  OVERRIDE_NOT_FOUND: 404,
  CONTRACT_NOT_FOUND: 404,
  CONTRACT_VERSION_EXISTS: 409,
  CONTRACT_INCOMPATIBLE: 409,
  PRECONDITION_FAILED: 412,
  LEASE_HELD: 409,
  CHECKPOINT_MOVED: 409,
  CONFLICT: 409,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  IDEMPOTENCY_KEY_REUSED: 422,
  INTERNAL: 500,
  LEDGER_UNAVAILABLE: 503,
  VIEWS_BEHIND: 503,
  UNAVAILABLE: 503,
}
const all = Object.entries(statuses) as [Code, number][]

/** The document's own spelling, where it is not ours. */
const spelled: Partial<Record<Code, string>> = {
  VALIDATION_FAILED: 'VALIDATION_ERROR',
  ROUTE_NOT_FOUND: 'NOT_FOUND',
  INTERNAL: 'INTERNAL_ERROR',
}

describe.each(all)('%s', (code, status) => {
  test(`is ${status} in the shape of the batch document`, () => {
    const error = batchError(new Rejection(code, 'what is wrong', { field: 'x' }))
    expect(error).toEqual({
      status,
      body: {
        status: 'error',
        error: { code: spelled[code] ?? code, message: expect.any(String), details: { field: 'x' } },
      },
    })
  })

  test(`is ${status} as problem details`, () => {
    const { body, contentType } = nativeError(new Rejection(code, 'what is wrong', { field: 'x' }))
    expect(contentType).toBe('application/problem+json')
    expect(body).toEqual({ type: 'about:blank', title: code, status, detail: 'what is wrong', field: 'x' })
  })
})

describe('details', () => {
  test('are left out of the batch document where there are none', () => {
    expect(batchError(new Rejection('CONFLICT', 'try again')).body).toEqual({
      status: 'error',
      error: { code: 'CONFLICT', message: 'try again' },
    })
  })

  test('never take the place of what every problem has', () => {
    const { body } = nativeError(
      new Rejection('RUN_NOT_ACTIVE', 'it has ended', {
        runId: 'r',
        status: 'failed',
        type: 't',
        title: 'u',
        detail: 'd',
      }),
    )
    expect(body).toMatchObject({ type: 'about:blank', title: 'RUN_NOT_ACTIVE', status: 409, detail: 'it has ended' })
  })

  test.each(['RUN_EXISTS', 'RUN_NOT_FOUND', 'RUN_NOT_ACTIVE', 'RUN_COMMITTED', 'CLAIM_LOST'] as const)(
    'of %s show the run as the batch document shows runs',
    (code) => {
      const { body } = batchError(new Rejection(code, `something is wrong with run 'r7'`, { runId: 'r7' }))
      const text = JSON.stringify(body)
      expect(text).not.toMatch(/(?<!run_)r7/)
    },
  )
})
