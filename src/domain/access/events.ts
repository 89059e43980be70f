/** How a call ended. A call that was refused for want of rights or of a credential is `denied`. */
export const callOutcomes = ['ok', 'denied', 'invalid', 'not-found', 'conflict', 'limited', 'failed'] as const
export type CallOutcome = (typeof callOutcomes)[number]

/** One call of an API, or several alike (`count`): who asked for what, and what came of it. Never a body or a secret. */
export interface CallRecord {
  /** ISO time at which the call came in. */
  at: string
  /** Pseudonym; null for a call without identity. */
  actor: string | null
  /** Pseudonym of the person on whose behalf the caller acted. */
  onBehalfOf: string | null
  authMethod: string | null
  method: string
  /** The route with its parameters unnamed, as in the OpenAPI document. */
  route: string
  /** What was asked for: the route's parameters by name. */
  resource: Record<string, string>
  /** Values of sensitive names are redacted. */
  query: Record<string, string>
  outcome: CallOutcome
  status: number
  durationMs: number
  /** Where the call came from, sealed; null where it has no address. */
  origin: string | null
  requestId: string
  /** The code of the rejection; null when there was none. */
  reason: string | null
  /** The policy that decided; null when it did not come so far. */
  policy: string | null
  count: number
}

export type AccessEvent = { type: 'ApiCallsRecorded'; data: { calls: readonly CallRecord[] } }
