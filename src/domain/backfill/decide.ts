import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import type { BackfillCommand } from './commands.ts'
import type { BackfillEvent, BackfillRequested } from './events.ts'

export type BackfillStatus =
  | 'awaiting_approval'
  | 'running'
  | 'paused'
  | 'canceling'
  | 'canceled'
  | 'completed'
  | 'rejected'

export interface Backfill {
  asked: BackfillRequested | null
  status: BackfillStatus | null
}

type Of<Type extends BackfillCommand['type']> = Extract<BackfillCommand, { type: Type }>
type Known = Backfill & { asked: BackfillRequested }

/** More than ten years of days are told to be too many. */
const partitionsMax = 3_660
export const concurrencyMax = 64

const decide = (command: BackfillCommand, backfill: Backfill): BackfillEvent[] => {
  if (command.type === 'RequestBackfill') return request(command, backfill)
  const { backfillId } = command
  const { asked } = backfill
  if (!asked) throw new Rejection('BACKFILL_NOT_FOUND', `backfill '${backfillId}' not found`, { backfillId })
  const known = { ...backfill, asked }
  switch (command.type) {
    case 'ReleaseBackfill':
      return release(command, known)
    case 'RefuseBackfill':
      return isAwaiting(command.approvalId, known)
        ? [{ type: 'BackfillRefused', data: { backfillId, approvalId: command.approvalId, reason: command.reason } }]
        : []
    case 'PauseBackfill':
      if (backfill.status === 'paused') return []
      assertStatus(known, 'running')
      return [{ type: 'BackfillPaused', data: { backfillId } }]
    case 'ResumeBackfill':
      assertStatus(known, 'paused')
      return [{ type: 'BackfillResumed', data: { backfillId } }]
    case 'CancelBackfill':
      if (backfill.status === 'canceling') return []
      assertStatus(known, 'awaiting_approval', 'running', 'paused')
      return [{ type: 'BackfillCanceled', data: { backfillId } }]
    case 'CompleteBackfill':
      return complete(command, known)
  }
}

const request = ({ request: asked }: Of<'RequestBackfill'>, { asked: before }: Backfill): BackfillEvent[] => {
  const { backfillId, partitions, maxConcurrency, approval } = asked
  if (before) throw new Rejection('BACKFILL_EXISTS', `backfill '${backfillId}' exists already`, { backfillId })
  if (partitions.length > partitionsMax) {
    const message = `to: the range has ${partitions.length} partitions, at most ${partitionsMax}`
    throw new Rejection('VALIDATION_FAILED', message, { field: 'to' })
  }
  if (maxConcurrency < 1 || maxConcurrency > concurrencyMax) {
    const message = `max_concurrency: must be from 1 to ${concurrencyMax}`
    throw new Rejection('VALIDATION_FAILED', message, { field: 'max_concurrency' })
  }
  const requested: BackfillEvent = { type: 'BackfillRequested', data: asked }
  if (approval) return [requested]
  return [requested, { type: 'BackfillStarted', data: { backfillId, approvalId: null } }]
}

/** Only the approval that it asked for itself, of the very command. */
const release = ({ backfillId, approvalId, commandHash }: Of<'ReleaseBackfill'>, backfill: Known): BackfillEvent[] => {
  if (!isAwaiting(approvalId, backfill)) return []
  if (backfill.asked.approval?.commandHash !== commandHash) {
    throw new Rejection('APPROVAL_MISMATCH', `approval '${approvalId}' is for another command`, { approvalId })
  }
  return [{ type: 'BackfillStarted', data: { backfillId, approvalId } }]
}

const isAwaiting = (approvalId: string, { asked, status }: Known): boolean => {
  if (asked.approval?.approvalId === approvalId) return status === 'awaiting_approval'
  const message = `backfill '${asked.backfillId}' did not ask for approval '${approvalId}'`
  throw new Rejection('APPROVAL_MISMATCH', message, { approvalId })
}

/** A canceled one ends once the runs that were under way have. */
const complete = ({ backfillId, outcomes }: Of<'CompleteBackfill'>, { asked, status }: Known): BackfillEvent[] => {
  if (status === 'completed' || status === 'canceled') return []
  const ended = Object.values(outcomes).reduce((sum, count) => sum + count, 0)
  const isOver = status === 'canceling' || (status === 'running' && ended === asked.partitions.length)
  if (!isOver) {
    const message = `backfill '${backfillId}' is ${status}, with ${ended} of ${asked.partitions.length} partitions`
    throw new Rejection('BACKFILL_NOT_ACTIVE', message, { backfillId })
  }
  return [{ type: 'BackfillCompleted', data: { backfillId, outcomes } }]
}

const assertStatus = ({ asked: { backfillId }, status }: Known, ...allowed: BackfillStatus[]): void => {
  if (status !== null && allowed.includes(status)) return
  throw new Rejection('BACKFILL_NOT_ACTIVE', `backfill '${backfillId}' is ${status}`, {
    backfillId,
    status: status ?? '',
  })
}

const evolve = (backfill: Backfill, { type, data }: BackfillEvent): Backfill => {
  switch (type) {
    case 'BackfillRequested':
      return { asked: data, status: 'awaiting_approval' }
    case 'BackfillStarted':
    case 'BackfillResumed':
      return { ...backfill, status: 'running' }
    case 'BackfillRefused':
      return { ...backfill, status: 'rejected' }
    case 'BackfillPaused':
      return { ...backfill, status: 'paused' }
    case 'BackfillCanceled':
      return { ...backfill, status: backfill.status === 'awaiting_approval' ? 'canceled' : 'canceling' }
    case 'BackfillCompleted':
      return { ...backfill, status: backfill.status === 'canceling' ? 'canceled' : 'completed' }
  }
}

export const backfillDecider: Decider<Backfill, BackfillCommand, BackfillEvent> = {
  initial: { asked: null, status: null },
  decide,
  evolve,
}
