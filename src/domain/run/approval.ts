import { Rejection } from '../codes.ts'
import type { ControlCommand } from './commands.ts'
import type { RunEvent } from './events.ts'
import type { Run } from './state.ts'

type Of<Type extends ControlCommand['type']> = Extract<ControlCommand, { type: Type }>

/** Only the approval that the run itself asked for, of the very command that it asked with. */
export const releaseRun = ({ runId, approvalId, commandHash }: Of<'ReleaseRun'>, run: Run): RunEvent[] => {
  if (!isAwaiting(approvalId, run)) return []
  if (run.requested?.approval?.commandHash !== commandHash) {
    throw new Rejection('APPROVAL_MISMATCH', `approval '${approvalId}' is for another command`, { approvalId })
  }
  return [{ type: 'RunQueued', data: { runId, engine: run.requested.engine, attempt: run.attempt + 1 } }]
}

export const refuseRun = ({ runId, approvalId, reason }: Of<'RefuseRun'>, run: Run): RunEvent[] =>
  isAwaiting(approvalId, run) ? [{ type: 'RunRejected', data: { runId, reason } }] : []

/** A run that has gone on, or was canceled, needs no word any more. */
const isAwaiting = (approvalId: string, { requested, status }: Run): boolean => {
  if (requested?.approval?.approvalId === approvalId) return status === 'awaiting_approval'
  const runId = requested?.runId ?? ''
  throw new Rejection('APPROVAL_MISMATCH', `run '${runId}' did not ask for approval '${approvalId}'`, { approvalId })
}
