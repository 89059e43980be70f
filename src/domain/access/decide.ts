import type { Decider } from '../decider.ts'
import type { AccessEvent, CallRecord } from './events.ts'

/** A log of calls is only added to. */
export type AccessLog = Record<string, never>

export interface RecordCalls {
  type: 'RecordCalls'
  calls: readonly CallRecord[]
}

export const accessDecider: Decider<AccessLog, RecordCalls, AccessEvent> = {
  initial: {},
  decide: ({ calls }) => (calls.length === 0 ? [] : [{ type: 'ApiCallsRecorded', data: { calls } }]),
  evolve: (log) => log,
}
