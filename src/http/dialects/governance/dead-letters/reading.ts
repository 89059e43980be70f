import {
  deadLetterById,
  deadLetterTotals,
  decisionsOf,
  listDeadLetters,
} from '../../../../../projections/dead-letter-queries.ts'
import { deadLetters, deliveries } from '../../../../app/aggregates.ts'
import { Rejection } from '../../../../domain/codes.ts'
import type { TenantId } from '../../../../domain/ids.ts'
import { type Operation, operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { entryIdIn, entryNotFound, filterOf, parameters, scopeOf, shownEntry, shownPayload } from './common.ts'
import { entryDetail, entryList, entryQuery, payloadAnswer, rowsQuery } from './schemas.ts'

/** `/pipelines/dlq`: what came to nothing, and what was decided of it. */
export const readingOperations = (services: Services): Operation[] => [list(services), look(services), open(services)]

const list = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/dlq',
    summary: 'What came to nothing and waits for somebody, newest first',
    action: 'ReadDeadLetters',
    kind: 'query',
    parameters: {},
    query: entryQuery,
    personal: ['text'],
    answers: { 200: { description: 'a page of entries; those of messages take ReadWebhooks', schema: entryList } },
    codes: [],
    handle: async (c, { query: { limit, cursor, ...asked } }) => {
      const { reads, views } = services
      await reads.beforeRead(c)
      const before = cursor === undefined ? null : reads.positions.open(cursor, 'cursor')
      const [scope, filter] = [scopeOf(c, services), filterOf(c, asked)]
      const rows = listDeadLetters(views, scope, filter, { before, limit: limit + 1 })
      const page = rows.slice(0, limit)
      const last = page.at(-1)
      return c.json({
        entries: page.map(shownEntry),
        totals: deadLetterTotals(views, scope, filter),
        next: rows.length > limit && last ? reads.seal(BigInt(last.position)) : null,
      })
    },
  })

const look = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/dlq/{entry_id}',
    summary: 'An entry, with all that was decided of it: who, when and why',
    action: 'ReadDeadLetters',
    kind: 'query',
    parameters,
    answers: { 200: { description: 'the entry', schema: entryDetail } },
    codes: ['DEAD_LETTER_NOT_FOUND'],
    handle: async (c) => {
      const { reads, views } = services
      const entryId = entryIdIn(c)
      await reads.beforeRead(c)
      const row = deadLetterById(views, scopeOf(c, services), entryId)
      if (!row) throw entryNotFound(entryId)
      const decisions = decisionsOf(views, row.tenant, entryId).map(({ decision, ...rest }) => ({
        decision: decision.replace('DeadLetter', '').toLowerCase(),
        ...rest,
      }))
      return c.json({ ...shownEntry(row), decisions })
    },
  })

const nothing = { rows: null, left_out: 0, next_offset: null }

const open = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/dlq/{entry_id}/payload',
    summary: 'What an entry is of: the rejected rows, or where the run or the message is',
    action: 'ReadRejectedRows',
    kind: 'query',
    recordedFirst: true,
    parameters,
    query: rowsQuery,
    answers: { 200: { description: 'rows from the offset on, or a link', schema: payloadAnswer } },
    codes: ['DEAD_LETTER_NOT_FOUND', 'PAYLOAD_NOT_FOUND'],
    handle: async (c, { query: { offset, limit } }) => {
      const { commands, rejectedRows } = services
      const entryId = entryIdIn(c)
      const { tenant, hidden } = scopeOf(c, services)
      const { entry } = (await commands.load(deadLetters, tenant, entryId)).state
      if (!entry || hidden.includes(entry.source)) throw entryNotFound(entryId)
      const { payload, count } = entry
      const head = { entry_id: entryId, payload: shownPayload(payload), count }
      if (payload.kind === 'run') return c.json({ ...head, href: `/pipelines/runs/${payload.runId}`, ...nothing })
      if (payload.kind === 'delivery') {
        return c.json({ ...head, href: await deliveriesAt(services, tenant, payload.deliveryId), ...nothing })
      }
      const read = await rejectedRows.read(tenant, payload.path, offset, limit)
      if (!read) {
        const message = `the file '${payload.path}' is not on this machine any more`
        throw new Rejection('PAYLOAD_NOT_FOUND', message, { path: payload.path })
      }
      const { rows, leftOut, next } = read
      return c.json({ ...head, href: null, rows, left_out: leftOut, next_offset: next })
    },
  })

const deliveriesAt = async ({ commands }: Services, tenant: TenantId, deliveryId: string): Promise<string | null> => {
  const { scheduled } = (await commands.load(deliveries, tenant, deliveryId)).state
  return scheduled && `/api/pipeline/webhooks/${scheduled.webhookId}/deliveries`
}
