import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import type { DeadLetter, DeadLetterEvent, ReopenedDeadLetter } from './events.ts'

export type DeadLetterStatus = 'open' | 'retrying' | 'resolved' | 'discarded'

/** An entry of the dead-letter queue. */
export interface DeadLetterState {
  /** As it was found last; null until it was recorded. */
  entry: DeadLetter | null
  status: DeadLetterStatus | null
  /** Name of a role, or pseudonym of a principal. */
  assignee: string | null
  /** The last run, or the delivery, with which it was tried again. */
  by: string | null
  retries: number
}

export type DeadLetterCommand =
  | { type: 'RecordDeadLetter'; entry: DeadLetter }
  | { type: 'AssignDeadLetter'; entryId: string; assignee: string | null }
  | { type: 'RetryDeadLetter'; entryId: string; by: string }
  /** It was tried again, though nobody said so of the entry. */
  | { type: 'NoteRetry'; entryId: string; by: string }
  | ({ type: 'ReopenDeadLetter' } & ReopenedDeadLetter)
  | { type: 'ResolveDeadLetter'; entryId: string; by: string }
  | { type: 'DiscardDeadLetter'; entryId: string; reason: string }

const decide = (command: DeadLetterCommand, state: DeadLetterState): DeadLetterEvent[] => {
  if (command.type === 'RecordDeadLetter') {
    return state.entry ? [] : [{ type: 'DeadLetterRecorded', data: command.entry }]
  }
  const { entryId } = command
  if (!state.entry) throw new Rejection('DEAD_LETTER_NOT_FOUND', `entry '${entryId}' not found`, { entryId })
  switch (command.type) {
    case 'AssignDeadLetter': {
      assertNotEnded(entryId, state)
      const { assignee } = command
      return assignee === state.assignee ? [] : [{ type: 'DeadLetterAssigned', data: { entryId, assignee } }]
    }
    case 'RetryDeadLetter':
      assertOpen(entryId, state)
      return [{ type: 'DeadLetterRetried', data: { entryId, by: command.by } }]
    case 'NoteRetry':
      return state.status === 'open' ? [{ type: 'DeadLetterRetried', data: { entryId, by: command.by } }] : []
    case 'ReopenDeadLetter': {
      const { type: _, ...data } = command
      return isRetriedBy(state, command.by) ? [{ type: 'DeadLetterReopened', data }] : []
    }
    case 'ResolveDeadLetter':
      return hasEnded(state) ? [] : [{ type: 'DeadLetterResolved', data: { entryId, by: command.by } }]
    case 'DiscardDeadLetter':
      if (command.reason.trim() === '') {
        throw new Rejection('VALIDATION_FAILED', 'reason: an entry is discarded for a reason', { field: 'reason' })
      }
      assertOpen(entryId, state)
      return [{ type: 'DeadLetterDiscarded', data: { entryId } }]
  }
}

const hasEnded = ({ status }: DeadLetterState): boolean => status === 'resolved' || status === 'discarded'

const isRetriedBy = ({ status, by }: DeadLetterState, other: string): boolean => status === 'retrying' && by === other

const assertNotEnded = (entryId: string, state: DeadLetterState): void => {
  if (hasEnded(state)) throw new Rejection('DEAD_LETTER_ENDED', `entry '${entryId}' is ${state.status}`, { entryId })
}

/** What a retry comes to is not known yet: so long nothing else is decided of its entry. */
const assertOpen = (entryId: string, state: DeadLetterState): void => {
  assertNotEnded(entryId, state)
  if (state.status !== 'retrying') return
  const by = state.by ?? ''
  throw new Rejection('DEAD_LETTER_RETRYING', `entry '${entryId}' is being tried again by '${by}'`, { entryId, by })
}

const evolve = (state: DeadLetterState, event: DeadLetterEvent): DeadLetterState => {
  switch (event.type) {
    case 'DeadLetterRecorded':
      return { ...state, entry: event.data, status: 'open' }
    case 'DeadLetterAssigned':
      return { ...state, assignee: event.data.assignee }
    case 'DeadLetterRetried':
      return { ...state, status: 'retrying', by: event.data.by, retries: state.retries + 1 }
    case 'DeadLetterReopened': {
      const { found } = event.data
      return { ...state, status: 'open', entry: state.entry && { ...state.entry, ...found } }
    }
    case 'DeadLetterResolved':
      return { ...state, status: 'resolved' }
    case 'DeadLetterDiscarded':
      return { ...state, status: 'discarded' }
  }
}

export const deadLetterDecider: Decider<DeadLetterState, DeadLetterCommand, DeadLetterEvent> = {
  initial: { entry: null, status: null, assignee: null, by: null, retries: 0 },
  decide,
  evolve,
}
