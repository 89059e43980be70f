import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import type { EraseSubject, RegisterSubject, SubjectCommand } from './commands.ts'
import type { LegalHold, SubjectEvent } from './events.ts'

/** A person or service that has acted: what is known of it is sealed under its own key (DESIGN.md section 8). */
export interface SubjectState {
  /** Sealed; null before it was registered. */
  identity: string | null
  isErased: boolean
  /** In force, oldest first. */
  holds: readonly LegalHold[]
  /** Ids of holds that were in force once. */
  released: readonly string[]
}

/** In force at the same time. */
export const holdsMax = 100

const decide = (command: SubjectCommand, subject: SubjectState): SubjectEvent[] => {
  if (command.type === 'RegisterSubject') return register(command, subject)
  const { pseudonym } = command
  if (subject.identity === null) {
    throw new Rejection('SUBJECT_NOT_FOUND', `subject '${pseudonym}' not found`, { pseudonym })
  }
  switch (command.type) {
    case 'EraseSubject':
      return erase(command, subject)
    case 'PlaceLegalHold':
      return place(command, subject)
    case 'ReleaseLegalHold':
      return release(command, subject)
  }
}

/** A call that is late must not bring back whom an erasure has taken away. */
const register = ({ pseudonym, identity, replaces }: RegisterSubject, subject: SubjectState): SubjectEvent[] =>
  subject.identity === replaces && !subject.isErased
    ? [{ type: 'SubjectRegistered', data: { pseudonym, identity } }]
    : []

const erase = ({ pseudonym, reason, ticket, openApprovals }: EraseSubject, subject: SubjectState): SubjectEvent[] => {
  if (subject.isErased) return []
  if (subject.holds.length > 0) {
    const holds = subject.holds.map(({ holdId }) => holdId)
    const message = `subject '${pseudonym}' is on legal hold: ${holds.join(', ')}`
    throw new Rejection('SUBJECT_ON_HOLD', message, { pseudonym, holds })
  }
  if (openApprovals.length > 0) {
    const message = `subject '${pseudonym}' has open approvals: ${openApprovals.join(', ')}`
    throw new Rejection('APPROVALS_OPEN', message, { pseudonym, approvals: openApprovals })
  }
  return [{ type: 'SubjectErased', data: { pseudonym, reason, ticket } }]
}

type Place = Extract<SubjectCommand, { type: 'PlaceLegalHold' }>

const place = ({ pseudonym, holdId, reason }: Place, { isErased, holds }: SubjectState): SubjectEvent[] => {
  if (isErased) throw new Rejection('SUBJECT_ERASED', `subject '${pseudonym}' was erased`, { pseudonym })
  if (holds.some((hold) => hold.holdId === holdId)) return []
  if (holds.length >= holdsMax) {
    throw new Rejection('CONFLICT', `subject '${pseudonym}' has ${holdsMax} holds; release one first`, { pseudonym })
  }
  return [{ type: 'LegalHoldPlaced', data: { pseudonym, holdId, reason } }]
}

type Release = Extract<SubjectCommand, { type: 'ReleaseLegalHold' }>

const release = ({ pseudonym, holdId }: Release, { holds, released }: SubjectState): SubjectEvent[] => {
  if (holds.some((hold) => hold.holdId === holdId)) {
    return [{ type: 'LegalHoldReleased', data: { pseudonym, holdId } }]
  }
  if (released.includes(holdId)) return []
  throw new Rejection('HOLD_NOT_FOUND', `hold '${holdId}' not found on subject '${pseudonym}'`, { pseudonym, holdId })
}

const evolve = (subject: SubjectState, { type, data }: SubjectEvent): SubjectState => {
  switch (type) {
    case 'SubjectRegistered':
      return { ...subject, identity: data.identity }
    case 'LegalHoldPlaced':
      return { ...subject, holds: [...subject.holds, { holdId: data.holdId, reason: data.reason }] }
    case 'LegalHoldReleased':
      return {
        ...subject,
        holds: subject.holds.filter(({ holdId }) => holdId !== data.holdId),
        released: [...subject.released, data.holdId],
      }
    case 'SubjectErased':
      return { ...subject, isErased: true }
  }
}

export const subjectDecider: Decider<SubjectState, SubjectCommand, SubjectEvent> = {
  initial: { identity: null, isErased: false, holds: [], released: [] },
  decide,
  evolve,
}
