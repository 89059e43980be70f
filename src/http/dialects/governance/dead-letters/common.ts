import type { Context } from 'hono'
import type { z } from 'zod'
import type { DeadLetterFilter, DeadLetterScope } from '../../../../../projections/dead-letter-queries.ts'
import type { DeadLetterRow } from '../../../../../projections/dead-letter-tables.ts'
import { deadLetters } from '../../../../app/aggregates.ts'
import { Rejection } from '../../../../domain/codes.ts'
import type { DeadLetter, DeadLetterPayload } from '../../../../domain/dead-letter/events.ts'
import { isUuid } from '../../../../domain/ids.ts'
import type { Env } from '../../../context.ts'
import { demand, mayDo } from '../../../permission.ts'
import { bareRunId } from '../../../run-ids.ts'
import type { Services } from '../../../services.ts'
import type { entryAnswer } from './schemas.ts'

export const parameters = { entry_id: 'the entry' }

/** Entries of messages are for those who may see webhooks, as everywhere. */
export const scopeOf = (c: Context<Env>, services: Services): DeadLetterScope => {
  const { tenant } = c.get('principal')
  return { tenant, hidden: mayDo(c, services, 'ReadWebhooks').allowed ? [] : ['delivery'] }
}

export const entryIdIn = (c: Context<Env>): string => {
  const text = c.get('params').entry_id ?? ''
  if (!isUuid(text)) throw entryNotFound(text)
  return text
}

export const entryNotFound = (entryId: string): Rejection =>
  new Rejection('DEAD_LETTER_NOT_FOUND', `entry '${entryId}' not found`, { entryId })

/** The entry as the ledger has it, for somebody who may decide of it. Throws DEAD_LETTER_NOT_FOUND and FORBIDDEN. */
export const decidable = async (c: Context<Env>, services: Services, entryId: string): Promise<DeadLetter> => {
  const { tenant, hidden } = scopeOf(c, services)
  const { entry } = (await services.commands.load(deadLetters, tenant, entryId)).state
  if (!entry || hidden.includes(entry.source)) throw entryNotFound(entryId)
  if (entry.environment !== null) demand(c, services, 'DecideDeadLetter', entry.environment)
  return entry
}

/** Whoever speaks of themselves is meant by their pseudonym. */
export const filterOf = (c: Context<Env>, { assignee, run, ...filter }: DeadLetterFilter): DeadLetterFilter => ({
  ...filter,
  ...(run === undefined ? {} : { run: bareRunId(run) }),
  ...(assignee === undefined ? {} : { assignee: assigneeOf(c, assignee) }),
})

export const assigneeOf = (c: Context<Env>, given: string): string =>
  given === 'me' ? c.get('principal').actor.pseudonym : given

export const shownPayload = (payload: DeadLetterPayload) => {
  switch (payload.kind) {
    case 'run':
      return { kind: payload.kind, run_id: payload.runId as string }
    case 'file':
      return payload
    case 'delivery':
      return { kind: payload.kind, delivery_id: payload.deliveryId }
  }
}

export const shownEntry = (row: DeadLetterRow): z.input<typeof entryAnswer> => ({
  entry_id: row.entry_id,
  source: row.source,
  status: row.status,
  pipeline: row.pipeline,
  environment: row.environment,
  partition: row.partition,
  run_id: row.run_id,
  stage: row.stage,
  code: row.code,
  reason: row.reason,
  count: row.count,
  payload: shownPayload(JSON.parse(row.payload)),
  assignee: row.assignee,
  retries: row.retries,
  retried_by: row.retry,
  resolved_by: row.resolved_by,
  discard_reason: row.discard_reason,
  recorded_at: row.recorded_at,
  updated_at: row.updated_at,
})
