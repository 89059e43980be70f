import { deadLetterWork } from '../../projections/dead-letter-work.ts'
import type { RejectedRowsReader } from '../../src/app/ports/rejected-rows.ts'
import type { RunRequested } from '../../src/domain/run/events.ts'
import { deadLetterKeeper } from '../../src/processes/dead-letters/keeper.ts'
import { nowMs, openApi } from './api.ts'
import { rejectedBy } from './dead-lettering.ts'
import { identityOf } from './identities.ts'
import { otherTenant, tenant } from './ids.ts'
import { messagesOf } from './messages.ts'
import * as c from './run-commands.ts'

export const tokens = {
  olga: identityOf('olga', { roles: ['operator'] }),
  grace: identityOf('grace', { roles: ['governance'] }),
  vera: identityOf('vera', { roles: ['viewer'] }),
  devi: identityOf('devi', { roles: ['developer'] }),
  there: identityOf('olga', { roles: ['operator'], tenants: [otherTenant] }),
}
export type Who = keyof typeof tokens
export const as = (who: Who, key?: string) => ({
  authorization: `Bearer ${who}`,
  ...(key === undefined ? {} : { 'idempotency-key': key }),
})

export interface Entry extends Record<string, unknown> {
  entry_id: string
  status: string
  run_id: string | null
}

/** Some rows, whatever the file. */
const rows: RejectedRowsReader = {
  read: async (of, path, offset, limit) =>
    path.includes('gone') ? null : { rows: [{ of, path, offset, limit }], leftOut: 1, next: 7 },
}

/** The app, runs that fail or have rows turned away, and who keeps the dead letters. */
export const deadLettersApi = async (options: Parameters<typeof openApi>[0] = {}) => {
  const api = await openApi({ tokens, ...options, services: { rejectedRows: rows, ...options.services } })
  const { ledger, commands, services, pump } = api
  const keeper = deadLetterKeeper({
    commands,
    work: deadLetterWork(services.views),
    head: () => ledger.head(),
    viewsReach: (position) => services.reads.reached(position),
    nowMs: () => nowMs,
  })
  let seen = 0
  /** Until nothing is left to do. */
  const keep = async () => {
    while (seen < ledger.all.length) {
      const fresh = ledger.all.slice(seen)
      seen = ledger.all.length
      await pump.settled()
      await keeper.handle(fresh, fresh.at(-1)?.position ?? -1n)
      await pump.settled()
    }
  }
  const succeed = (...rejected: ReturnType<typeof rejectedBy>[]) => [
    c.startRun(),
    c.startStage('extract'),
    c.completeStage('extract', 1, rejected.length > 0 ? { rejected } : {}),
    ...[c.startStage('load'), c.completeStage('load'), c.commitOutputs(), c.succeedRun()],
  ]
  const ask = async (path = '', who: Who = 'olga') => {
    await keep()
    return api.get(`/pipelines/dlq${path}`, as(who))
  }
  const list = async (query = '', who: Who = 'olga') => {
    const { body } = await ask(query, who)
    return body as { entries: Entry[]; totals: Record<string, number>; next: string | null; detail?: string }
  }
  return {
    ...api,
    keep,
    ask,
    list,
    decide: async (path: string, body: object = {}, who: Who = 'olga', key?: string) => {
      await keep()
      const answer = await api.post(`/pipelines/dlq${path}`, body, as(who, key))
      await keep()
      return answer
    },
    fails: async (...ids: string[]) => {
      const error = { code: 'STAGE_FAILED', message: 'amount is no number' }
      for (const id of ids) await api.run(id, c.startRun(1), c.failRun({ retryable: false, error }))
      await keep()
    },
    rejects: async (id: string, ...checks: string[]) => {
      await api.run(id, ...succeed(...checks.map((check) => rejectedBy(check, 3, id))))
      await keep()
    },
    succeeds: (id: string) => api.say(id, ...succeed()).then(keep),
    failsAgain: (id: string) => api.say(id, c.startRun(1), c.failRun({ retryable: false })).then(keep),
    /** A message that was given up; answers its id. */
    undelivered: async (name = 'm1') => {
      const messages = messagesOf(api)
      const deliveryId = await messages.schedule(await messages.register(), name)
      await messages.exhaust(deliveryId)
      await keep()
      return { deliveryId, ...messages }
    },
    /** The first that the queue shows for a run. */
    entryOf: async (run: string): Promise<Entry> => {
      const [entry] = (await list(`?run=${run}`)).entries
      if (!entry) throw new Error(`no entry of run ${run}`)
      return entry
    },
    eventsOf: (entryId: string) => ledger.stream(`dlq-${tenant}.${entryId}`),
    requestOf: (run: unknown): RunRequested => {
      const event = ledger.stream(`run-${tenant}.${run}`)[0]?.event
      if (event?.type !== 'RunRequested') throw new Error(`run ${run} was not requested`)
      return event.data
    },
  }
}
