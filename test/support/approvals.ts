import type { ApprovalCommand, Speaker } from '../../src/domain/approval/commands.ts'
import { approvalDecider } from '../../src/domain/approval/decide.ts'
import type { ApprovalEvent, ApprovalRequested } from '../../src/domain/approval/events.ts'
import { type Outcome, outcomeOf } from './decider.ts'
import { atTime } from './run-events.ts'

export const approvalId = 'a1'
export const commandHash = 'ef'.repeat(32)

/** What alice asks for: the run r1, by somebody of governance, within a minute. */
export const askedOf = (over: Partial<ApprovalRequested> = {}): ApprovalRequested => ({
  approvalId,
  target: { kind: 'run', id: 'r1' },
  command: { type: 'RequestRun', runId: 'r1' },
  commandHash,
  requestedBy: { pseudonym: 'alice', kind: 'person', roles: ['operator'], authMethod: 'test' },
  required: [{ role: 'governance', count: 1 }],
  requestedAt: atTime(0),
  expiresAt: atTime(60),
  ...over,
})

export const approvalRequested = (over: Partial<ApprovalRequested> = {}): ApprovalEvent => ({
  type: 'ApprovalRequested',
  data: askedOf(over),
})

/** Who speaks, for whom and in which roles. */
export const speaker = (by: string, roles: readonly string[] = ['governance'], onBehalfOf: string | null = null) =>
  ({ by, kind: 'person', roles, onBehalfOf }) satisfies Speaker

const said = (who: Speaker, reason = 'checked', at = atTime(10)) => ({ approvalId, ...who, reason, at })
export const grant = (who: Speaker, at = atTime(10)): ApprovalCommand => ({
  type: 'GrantApproval',
  ...said(who, 'ok', at),
})
export const reject = (who: Speaker, reason?: string): ApprovalCommand => ({
  type: 'RejectApproval',
  ...said(who, reason),
})
export const override = (who: Speaker, reason?: string): ApprovalCommand => ({
  type: 'OverrideApproval',
  ...said(who, reason),
})
export const expire = (at = atTime(60)): ApprovalCommand => ({ type: 'ExpireApproval', approvalId, at })
export const withdraw: ApprovalCommand = { type: 'WithdrawApproval', approvalId, reason: 'the run was canceled' }
export const consume = (commandId = 'c1', hash = commandHash): ApprovalCommand => ({
  type: 'ConsumeApproval',
  approvalId,
  commandId,
  commandHash: hash,
})

/** Says one after the other; what the last one came to, and what had happened before it. */
export const spoken = (asked: Partial<ApprovalRequested>, ...commands: ApprovalCommand[]) => {
  const events: ApprovalEvent[] = [approvalRequested(asked)]
  let last: Outcome<ApprovalEvent> = { events: [] }
  for (const command of commands) {
    last = outcomeOf(approvalDecider, events, command)
    if ('events' in last) events.push(...last.events)
  }
  return { last, events }
}
