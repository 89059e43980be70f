import type { Context } from 'hono'
import type { z } from 'zod'
import { openApprovalsOf } from '../../../../projections/approval-queries.ts'
import { holdsOf, type SubjectStatus, subjectStatus } from '../../../../projections/subjects.ts'
import { subjects } from '../../../app/aggregates.ts'
import { uuidv5 } from '../../../app/ids.ts'
import { canonicalJson } from '../../../domain/canonical-json.ts'
import { Rejection } from '../../../domain/codes.ts'
import { isPseudonym } from '../../../domain/sealed.ts'
import { commandContext, type Env } from '../../context.ts'
import type { Dialect } from '../../dialect.ts'
import { batchCodes, nativeError, problem } from '../../errors.ts'
import { type Operation, operation } from '../../operation.ts'
import type { Services } from '../../services.ts'
import { certificate, erasureBody, hold, holdBody, releasedHold, subjectAnswer } from './schemas.ts'

const name = 'subjects'
const retryAfterSeconds = '1'
const parameters = { pseudonym: 'who, as the ledger shows it', hold_id: 'the legal hold' }
const read = { kind: 'query', action: 'ReadSubjects', recordedFirst: true, parameters } as const
const holds = { kind: 'command', action: 'HoldSubject', parameters } as const

const meaning =
  'The key of this subject was destroyed. Whatever was sealed under it, names and addresses, can no longer be opened: in ' +
  'the ledger, in views, in messages and in copies of them. The events themselves are unchanged, so every proof that ' +
  'they are in the log holds as before. A backup of the keys that is older than this still has the key; when one is ' +
  'restored, the key is destroyed again before the service answers.'

/** `/ledger/subjects`: whose personal values are kept, and how they are erased. */
export const subjectsDialect = (services: Services): Dialect => ({
  name,
  prefix: '/ledger/subjects',
  scheme: 'bearer',
  limits: 'generous',
  operations: [look(services), erase(services), erasure(services), placeHold(services), releaseHold(services)],
  shape: nativeError,
  statusOf: (code) => batchCodes[code][0],
  errorSchema: problem,
  errorType: 'application/problem+json',
})

const look = ({ reads, views }: Services): Operation =>
  operation({
    ...read,
    method: 'get',
    path: '/{pseudonym}',
    summary: 'Whether a subject was erased, and what holds its erasure up',
    answers: { 200: { description: 'the subject', schema: subjectAnswer } },
    codes: ['SUBJECT_NOT_FOUND'],
    handle: async (c) => {
      await reads.beforeRead(c)
      const { pseudonym, registeredAt, erasure: erased } = found(c, views)
      return c.json({
        pseudonym,
        state: erased === null ? 'active' : 'erased',
        registered_at: registeredAt,
        erased_at: erased?.erased_at ?? null,
        holds: holdsOf(views, c.get('principal').tenant, pseudonym),
      } satisfies z.input<typeof subjectAnswer>)
    },
  })

const erase = (services: Services): Operation =>
  operation({
    kind: 'command',
    action: 'EraseSubject',
    method: 'post',
    path: '/{pseudonym}/erase',
    summary: 'Erase the personal values of a subject for good, by destroying its key',
    parameters,
    body: erasureBody,
    answers: { 200: { description: 'the certificate; the same again for who was erased before', schema: certificate } },
    codes: ['SUBJECT_NOT_FOUND', 'SUBJECT_ON_HOLD', 'APPROVALS_OPEN', 'VIEWS_BEHIND', 'UNAVAILABLE'],
    handle: async (c, { body: { reason, ticket = null } }) => {
      const { commands, reads, subjectKeys, log, nowMs } = services
      const pseudonym = pseudonymIn(c)
      const context = commandContext(c, name, { pseudonym, reason, ticket }, nowMs())
      await reads.beforeRead(c)
      const openApprovals = openApprovalsOf(services.views, context.tenant, pseudonym)
      const command = { type: 'EraseSubject' as const, pseudonym, reason, ticket, openApprovals }
      reads.wrote(c, await commands.handle(subjects, pseudonym, command, context))
      await subjectKeys.erase(context.tenant, pseudonym).catch((error: unknown) => {
        log.error('a key could not be destroyed; it is tried again', { pseudonym, error: String(error) })
        throw notYet(c)
      })
      await reads.beforeRead(c)
      return certified(c, services)
    },
  })

const erasure = (services: Services): Operation =>
  operation({
    ...read,
    method: 'get',
    path: '/{pseudonym}/erasure',
    summary: 'The certificate of an erasure',
    answers: { 200: { description: 'the certificate', schema: certificate } },
    codes: ['SUBJECT_NOT_FOUND', 'ERASURE_NOT_FOUND', 'UNAVAILABLE'],
    handle: async (c) => {
      await services.reads.beforeRead(c)
      const { pseudonym, erasure: erased } = found(c, services.views)
      if (erased === null) throw new Rejection('ERASURE_NOT_FOUND', `subject '${pseudonym}' was not erased`)
      return certified(c, services)
    },
  })

const placeHold = ({ commands, reads, nowMs }: Services): Operation =>
  operation({
    ...holds,
    method: 'post',
    path: '/{pseudonym}/holds',
    summary: 'Place a legal hold: as long as it is in force the subject cannot be erased',
    body: holdBody,
    answers: { 201: { description: 'the hold', schema: hold } },
    codes: ['SUBJECT_NOT_FOUND', 'SUBJECT_ERASED'],
    handle: async (c, { body: { reason } }) => {
      const pseudonym = pseudonymIn(c)
      const context = commandContext(c, name, { pseudonym, reason }, nowMs())
      const holdId = uuidv5('hold', context.commandId)
      const command = { type: 'PlaceLegalHold' as const, pseudonym, holdId, reason }
      const handled = await commands.handle(subjects, pseudonym, command, context)
      reads.wrote(c, handled)
      const placedAt = handled.events[0]?.metadata.occurredAt ?? context.at
      return c.json({ hold_id: holdId, reason, placed_at: placedAt, placed_by: context.actor.pseudonym }, 201)
    },
  })

const releaseHold = ({ commands, reads, nowMs }: Services): Operation =>
  operation({
    ...holds,
    method: 'delete',
    path: '/{pseudonym}/holds/{hold_id}',
    summary: 'Release a legal hold',
    answers: { 200: { description: 'the hold is released', schema: releasedHold } },
    codes: ['SUBJECT_NOT_FOUND', 'HOLD_NOT_FOUND'],
    handle: async (c) => {
      const pseudonym = pseudonymIn(c)
      const holdId = c.get('params').hold_id ?? ''
      const context = commandContext(c, name, { pseudonym, holdId }, nowMs())
      const command = { type: 'ReleaseLegalHold' as const, pseudonym, holdId }
      reads.wrote(c, await commands.handle(subjects, pseudonym, command, context))
      return c.json({ hold_id: holdId, status: 'RELEASED' })
    },
  })

const certified = async (c: Context<Env>, { views, reads, subjectKeys }: Services): Promise<Response> => {
  const { pseudonym, erasure: erased } = found(c, views)
  if (erased === null) {
    c.header('Retry-After', retryAfterSeconds)
    throw new Rejection('VIEWS_BEHIND', 'the erasure is done, and the views do not show it yet; ask again')
  }
  if (!(await subjectKeys.isDestroyed(pseudonym))) throw notYet(c)
  const { position, ...row } = erased
  // The same word each time: the certificate is one text.
  const mark = Buffer.from(row.event_id.slice(0, 8), 'hex')
  const text = canonicalJson({
    tenant: c.get('principal').tenant,
    pseudonym,
    ...row,
    position: reads.positions.seal(BigInt(position), mark),
    meaning,
  } satisfies z.input<typeof certificate>)
  return c.body(text, 200, { 'Content-Type': 'application/json' })
}

const notYet = (c: Context<Env>): Rejection => {
  c.header('Retry-After', retryAfterSeconds)
  return new Rejection('UNAVAILABLE', 'the erasure is recorded, and the key is not destroyed yet; ask again')
}

const notFound = (pseudonym: string) =>
  new Rejection('SUBJECT_NOT_FOUND', `subject '${pseudonym}' not found`, { pseudonym })

/** Nothing else can be the name of a subject's stream. */
const pseudonymIn = (c: Context<Env>): string => {
  const { pseudonym = '' } = c.get('params')
  if (!isPseudonym(pseudonym)) throw notFound(pseudonym)
  return pseudonym
}

const found = (c: Context<Env>, views: Services['views']): SubjectStatus => {
  const pseudonym = pseudonymIn(c)
  const status = subjectStatus(views, c.get('principal').tenant, pseudonym)
  if (status === undefined) throw notFound(pseudonym)
  return status
}
