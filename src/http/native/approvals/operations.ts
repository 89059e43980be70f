import type { Context } from 'hono'
import type { z } from 'zod'
import {
  type ApprovalFilter,
  approvalById,
  listApprovals,
  needsOf,
  voicesOf,
} from '../../../../projections/approval-queries.ts'
import type { ApprovalRow } from '../../../../projections/approval-tables.ts'
import type { ReadDb } from '../../../../projections/projection.ts'
import { runById } from '../../../../projections/run-queries.ts'
import { approvals } from '../../../app/aggregates.ts'
import type { CommandContext } from '../../../app/context.ts'
import type { ApprovalCommand } from '../../../domain/approval/commands.ts'
import { missingOf, personsOf } from '../../../domain/approval/decide.ts'
import { canonicalJson } from '../../../domain/canonical-json.ts'
import { type Code, Rejection } from '../../../domain/codes.ts'
import { isUuid } from '../../../domain/ids.ts'
import type { JsonObject, JsonValue } from '../../../domain/json.ts'
import { commandContext, type Env, idempotencyKey } from '../../context.ts'
import type { Dialect } from '../../dialect.ts'
import { batchCodes, nativeError, problem } from '../../errors.ts'
import { type Operation, operation } from '../../operation.ts'
import type { Services } from '../../services.ts'
import { delegationOperations } from './delegations.ts'
import {
  approvalAnswer,
  approvalList,
  approvalQuery,
  type approvalShort,
  decided,
  decisionBody,
  overrideBody,
} from './schemas.ts'
import { speakerOf } from './speaker.ts'

const name = 'approvals'
const parameters = { approval_id: 'the approval' }

/** `/evidence/approvals`: what waits for whom, and the decisions. */
export const approvalsDialect = (services: Services): Dialect => ({
  name,
  prefix: '/evidence/approvals',
  scheme: 'bearer',
  limits: 'generous',
  operations: [
    list(services),
    // Before the approvals by their id, which `delegations` would be one of.
    ...delegationOperations(services),
    look(services),
    decision(services, 'approve', 'GrantApproval', 'Approve: what it is for goes on once nobody is missing'),
    decision(services, 'reject', 'RejectApproval', 'Reject: what it is for will not happen'),
    decision(services, 'override', 'OverrideApproval', 'Break the glass: go on without the others; for all to see'),
  ],
  shape: nativeError,
  statusOf: (code) => batchCodes[code][0],
  errorSchema: problem,
  errorType: 'application/problem+json',
})

const read = { method: 'get', kind: 'query', action: 'ReadApprovals' } as const

const list = ({ commands, reads, views, nowMs }: Services): Operation =>
  operation({
    ...read,
    path: '',
    summary: 'Approvals, newest first; with mine=true those that wait for one of your roles',
    parameters: {},
    query: approvalQuery,
    answers: { 200: { description: 'a page of approvals', schema: approvalList } },
    codes: ['FORBIDDEN'],
    handle: async (c, { query: { status, mine, on_behalf_of: from, target, limit, page } }) => {
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      if (from !== undefined && mine !== 'true') {
        throw new Rejection('VALIDATION_FAILED', 'on_behalf_of: only with mine=true', { field: 'on_behalf_of' })
      }
      const speaker = await speakerOf(c, { commands }, from, new Date(nowMs()).toISOString())
      const filter: ApprovalFilter = {
        ...(status === undefined ? {} : { status }),
        ...(target === undefined ? {} : { target }),
        ...(mine === 'true' ? { waitingFor: { roles: speaker.roles, persons: personsOf(speaker) } } : {}),
      }
      const { rows, total } = listApprovals(views, tenant, filter, { limit, offset: (page - 1) * limit })
      return c.json({ approvals: rows.map((row) => shortOf(views, row)), total, page, per_page: limit })
    },
  })

const look = ({ reads, views }: Services): Operation =>
  operation({
    ...read,
    path: '/{approval_id}',
    summary: 'An approval: the command to the letter, what it changes, and who has decided what',
    parameters,
    answers: { 200: { description: 'the approval', schema: approvalAnswer } },
    codes: ['APPROVAL_NOT_FOUND'],
    handle: async (c) => {
      await reads.beforeRead(c)
      const { tenant } = c.get('principal')
      const approvalId = idIn(c)
      const row = approvalById(views, tenant, approvalId)
      if (!row) throw notFound(approvalId)
      const command = JSON.parse(row.command) as JsonObject
      return c.json({
        ...shortOf(views, row),
        command,
        command_hash: row.command_hash,
        diff: diffOf(views, tenant, command),
        decisions: voicesOf(views, tenant, approvalId).map(({ speaker, ...voice }) => ({ by: speaker, ...voice })),
      } satisfies z.input<typeof approvalAnswer>)
    },
  })

type Decision = Extract<ApprovalCommand['type'], 'GrantApproval' | 'RejectApproval' | 'OverrideApproval'>

const codes: readonly Code[] = [
  'APPROVAL_NOT_FOUND',
  'APPROVAL_CLOSED',
  'APPROVAL_EXPIRED',
  'SELF_APPROVAL',
  'FORBIDDEN',
]

/** Who decides is who calls, or whoever has delegated it to them: nothing else in a body could say otherwise. */
const decision = (services: Services, word: string, type: Decision, summary: string): Operation => {
  const { commands, reads, nowMs } = services
  const body: z.ZodType<z.output<typeof decisionBody>> = type === 'OverrideApproval' ? overrideBody : decisionBody
  return operation({
    method: 'post',
    path: `/{approval_id}/${word}`,
    summary,
    kind: 'command',
    action: type === 'OverrideApproval' ? 'OverrideApproval' : 'DecideApproval',
    parameters,
    body,
    answers: { 200: { description: 'it was taken down', schema: decided } },
    codes,
    handle: async (c, { body: { reason, on_behalf_of: from } }) => {
      const approvalId = idIn(c)
      const said = { approvalId, word, reason, ...(from === undefined ? {} : { from }) }
      const context = commandContext(c, name, said, nowMs())
      // A call that is repeated by its key is answered as before, though its delegation has ended meanwhile.
      const earlier = idempotencyKey(c) ? await commands.happened(approvals, approvalId, context) : undefined
      const handled = earlier ?? (await decide(c, services, { type, approvalId, reason, from }, context))
      reads.wrote(c, handled)
      const { status } = handled.state
      // What is decided wants nobody any more, whoever has not spoken.
      const missing = status === 'pending' ? missingOf(handled.state) : []
      return c.json({ approval_id: approvalId, status: status ?? 'pending', missing })
    },
  })
}

interface Said {
  type: Decision
  approvalId: string
  reason: string
  from: string | undefined
}

const decide = async (
  c: Context<Env>,
  services: Services,
  { type, approvalId, reason, from }: Said,
  context: CommandContext,
) => {
  const speaker = await speakerOf(c, services, from, context.at)
  const command = { type, approvalId, ...speaker, reason, at: context.at }
  const actor = from === undefined ? context.actor : { ...context.actor, onBehalfOf: from }
  return services.commands.handle(approvals, approvalId, command, { ...context, actor, reason })
}

const idIn = (c: Context<Env>): string => {
  const approvalId = c.get('params').approval_id ?? ''
  if (!isUuid(approvalId)) throw notFound(approvalId)
  return approvalId
}

const notFound = (approvalId: string) =>
  new Rejection('APPROVAL_NOT_FOUND', `approval '${approvalId}' not found`, { approvalId })

const shortOf = (views: ReadDb, row: ApprovalRow): z.input<typeof approvalShort> => ({
  approval_id: row.approval_id,
  status: row.status,
  target: { kind: row.target_kind, id: row.target_id },
  requested_by: row.requester,
  on_behalf_of: row.requester_for,
  requested_at: row.requested_at,
  expires_at: row.expires_at,
  closed_at: row.closed_at,
  required: needsOf(views, row.tenant, row.approval_id),
})

/** A replay beside the run that it repeats: who approves it sees what is the same and what is not. */
const diffOf = (views: ReadDb, tenant: string, { request }: JsonObject): z.input<typeof approvalAnswer>['diff'] => {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) return null
  const { replayOf } = request
  if (typeof replayOf !== 'object' || replayOf === null || Array.isArray(replayOf)) return null
  const original = runById(views, tenant, String(replayOf.runId))
  if (!original) return null
  const before: Record<string, JsonValue> = {
    runId: original.run_id,
    manifestVersion: original.manifest_version,
    partition: original.partition,
    environment: original.environment,
    parameters: JSON.parse(original.parameters) as JsonValue,
  }
  return Object.entries(before).flatMap(([field, was]) => {
    const after = request[field] ?? (field === 'environment' ? 'dev' : null)
    return canonicalJson(was) === canonicalJson(after) ? [] : [{ field, before: was, after }]
  })
}
