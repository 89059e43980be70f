import { Rejection } from '../codes.ts'
import type { Decider } from '../decider.ts'
import type { ApprovalCommand } from './commands.ts'
import type { ApprovalEvent, ApprovalRequested, ApprovalVoice, Requirement } from './events.ts'

type ApprovalStatus = 'pending' | 'granted' | 'rejected' | 'expired' | 'withdrawn' | 'consumed'

export interface Approval {
  asked: ApprovalRequested | null
  status: ApprovalStatus | null
  granted: readonly ApprovalVoice[]
  overridden: ApprovalVoice | null
  consumedBy: string | null
}

type Of<Type extends ApprovalCommand['type']> = Extract<ApprovalCommand, { type: Type }>
type Asked = Approval & { asked: ApprovalRequested }

const overridingRole = 'tenant-admin'

/** What is still wanting, by role. */
export const missingOf = ({ asked, granted }: Pick<Approval, 'asked' | 'granted'>): Requirement[] =>
  (asked?.required ?? []).flatMap(({ role, count }) => {
    const missing = count - granted.filter((voice) => voice.role === role).length
    return missing > 0 ? [{ role, count: missing }] : []
  })

/** A delegate and who delegated count as one person, so a voice is of both. */
export const personsOf = ({ by, onBehalfOf }: { by: string; onBehalfOf: string | null }): string[] =>
  onBehalfOf === null ? [by] : [by, onBehalfOf]

const requestersOf = ({ requestedBy: { pseudonym, onBehalfOf } }: ApprovalRequested): string[] =>
  onBehalfOf === undefined ? [pseudonym] : [pseudonym, onBehalfOf]

const share = (some: readonly string[], others: readonly string[]): boolean => some.some((one) => others.includes(one))

const decide = (command: ApprovalCommand, approval: Approval): ApprovalEvent[] => {
  if (command.type === 'RequestApproval') return request(command, approval)
  const { asked } = approval
  const { approvalId } = command
  if (!asked && command.type === 'WithdrawApproval') return []
  if (!asked) throw new Rejection('APPROVAL_NOT_FOUND', `approval '${approvalId}' not found`, { approvalId })
  const known = { ...approval, asked }
  switch (command.type) {
    case 'GrantApproval':
      return grant(command, known)
    case 'RejectApproval':
      return reject(command, known)
    case 'OverrideApproval':
      return override(command, known)
    case 'ExpireApproval':
      if (approval.status !== 'pending' || command.at < asked.expiresAt) return []
      return [{ type: 'ApprovalExpired', data: { approvalId } }]
    case 'WithdrawApproval':
      if (approval.status !== 'pending' && approval.status !== 'granted') return []
      return [{ type: 'ApprovalWithdrawn', data: { approvalId, reason: command.reason } }]
    case 'ConsumeApproval':
      return consume(command, known)
  }
}

/** Four eyes, whatever a policy says: an approval that asks for nobody is none. */
const request = ({ approval: asked }: Of<'RequestApproval'>, { asked: before }: Approval): ApprovalEvent[] => {
  if (before) return []
  const people = asked.required.reduce((sum, { count }) => sum + count, 0)
  const isSound = asked.required.every(({ count }) => Number.isSafeInteger(count) && count >= 1)
  if (!isSound || people < 1) {
    throw new Rejection('VALIDATION_FAILED', 'required: an approval needs one other person at least', {
      field: 'required',
    })
  }
  return [{ type: 'ApprovalRequested', data: asked }]
}

const grant = (command: Of<'GrantApproval'>, approval: Asked): ApprovalEvent[] => {
  const { approvalId, roles } = command
  const persons = personsOf(command)
  if (share(persons, requestersOf(approval.asked))) {
    throw new Rejection('SELF_APPROVAL', 'who asks for an approval cannot give it', { approvalId })
  }
  assertPerson(command)
  if (approval.granted.some((voice) => share(persons, personsOf(voice)))) return []
  assertOpen(approval, command.at)
  assertRole(approval, roles)
  const role = missingOf(approval).find((missing) => roles.includes(missing.role))?.role
  return role === undefined ? [] : [{ type: 'ApprovalGranted', data: voiceOf(command, role) }]
}

const reject = (command: Of<'RejectApproval'>, approval: Asked): ApprovalEvent[] => {
  assertOpen(approval, command.at)
  assertRole(approval, command.roles)
  assertReason(command)
  const role = approval.asked.required.find((each) => command.roles.includes(each.role))?.role ?? ''
  return [{ type: 'ApprovalRejected', data: voiceOf(command, role) }]
}

/** Nobody may do it for somebody else: who breaks the glass answers for it. */
const override = (command: Of<'OverrideApproval'>, approval: Asked): ApprovalEvent[] => {
  assertOpen(approval, command.at)
  if (!command.roles.includes(overridingRole) || command.onBehalfOf !== null) {
    throw new Rejection('FORBIDDEN', `only the role ${overridingRole} itself may override an approval`)
  }
  assertPerson(command)
  assertReason(command)
  return [{ type: 'ApprovalOverridden', data: voiceOf(command, overridingRole) }]
}

/** Once, by one command, which is the very one that was approved. */
const consume = ({ approvalId, commandId, commandHash }: Of<'ConsumeApproval'>, approval: Asked): ApprovalEvent[] => {
  if (approval.consumedBy === commandId && approval.asked.commandHash === commandHash) return []
  if (approval.consumedBy !== null) {
    throw new Rejection('APPROVAL_CLOSED', `approval '${approvalId}' has been used already`, { approvalId })
  }
  if (approval.asked.commandHash !== commandHash) {
    throw new Rejection('APPROVAL_MISMATCH', `approval '${approvalId}' is for another command`, { approvalId })
  }
  if (approval.status !== 'granted') {
    throw new Rejection('APPROVAL_PENDING', `approval '${approvalId}' is ${approval.status}`, { approvalId })
  }
  return [{ type: 'ApprovalConsumed', data: { approvalId, commandId, commandHash } }]
}

/** Whoever holds the token of a service could be anyone, also who asked. A service may stop things, not let them go on. */
const assertPerson = ({ kind, approvalId }: Of<'GrantApproval' | 'OverrideApproval'>): void => {
  if (kind === 'person') return
  throw new Rejection('FORBIDDEN', 'an approval is for a person to give, not for a service', { approvalId })
}

const voiceOf = (
  { approvalId, by, onBehalfOf, reason }: Of<'GrantApproval' | 'RejectApproval' | 'OverrideApproval'>,
  role: string,
) => ({
  approvalId,
  by,
  onBehalfOf,
  role,
  reason,
})

const assertOpen = ({ asked: { approvalId, expiresAt }, status }: Asked, at: string): void => {
  if (status === 'expired' || (status === 'pending' && at >= expiresAt)) {
    throw new Rejection('APPROVAL_EXPIRED', `approval '${approvalId}' expired at ${expiresAt}`, { approvalId })
  }
  if (status !== 'pending') {
    throw new Rejection('APPROVAL_CLOSED', `approval '${approvalId}' is ${status} already`, { approvalId })
  }
}

const assertRole = ({ asked: { approvalId, required } }: Asked, roles: readonly string[]): void => {
  if (required.some(({ role }) => roles.includes(role))) return
  const wanted = required.map(({ role }) => role)
  const message = `approval '${approvalId}' is for ${wanted.join(', ')} to decide`
  throw new Rejection('FORBIDDEN', message, { approvalId, roles: wanted })
}

const assertReason = ({ reason }: { reason: string }): void => {
  if (reason.trim() === '') throw new Rejection('VALIDATION_FAILED', 'reason: say why', { field: 'reason' })
}

const evolve = (approval: Approval, { type, data }: ApprovalEvent): Approval => {
  switch (type) {
    case 'ApprovalRequested':
      return { ...approval, asked: data, status: 'pending' }
    case 'ApprovalGranted': {
      const granted = [...approval.granted, data]
      const isComplete = missingOf({ asked: approval.asked, granted }).length === 0
      return { ...approval, granted, status: isComplete ? 'granted' : 'pending' }
    }
    case 'ApprovalRejected':
      return { ...approval, status: 'rejected' }
    case 'ApprovalOverridden':
      return { ...approval, status: 'granted', overridden: data }
    case 'ApprovalExpired':
      return { ...approval, status: 'expired' }
    case 'ApprovalWithdrawn':
      return { ...approval, status: 'withdrawn' }
    case 'ApprovalConsumed':
      return { ...approval, status: 'consumed', consumedBy: data.commandId }
  }
}

export const approvalDecider: Decider<Approval, ApprovalCommand, ApprovalEvent> = {
  initial: { asked: null, status: null, granted: [], overridden: null, consumedBy: null },
  decide,
  evolve,
}
