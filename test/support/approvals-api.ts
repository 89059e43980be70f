import { approvalWork } from '../../projections/approval-work.ts'
import { runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import type { Role } from '../../src/auth/principal.ts'
import { Approvals } from '../../src/processes/approvals.ts'
import { nowMs, openApi } from './api.ts'
import { contextOf } from './contexts.ts'
import { identityOf } from './identities.ts'
import { otherTenant, runOf, tenant } from './ids.ts'
import * as c from './run-commands.ts'

const person = (name: string, ...roles: Role[]) => identityOf(name, { roles })
const tokens = {
  olga: person('olga', 'operator'),
  /** The same person with another token. */
  olgaToo: person('olga', 'operator', 'governance'),
  greta: person('greta', 'governance'),
  gerd: person('gerd', 'governance'),
  devi: person('devi', 'developer'),
  vera: person('vera', 'viewer'),
  adam: person('adam', 'tenant-admin'),
  robot: identityOf('robot', { roles: ['governance'], kind: 'service' }),
  /** Devi, with a token by which greta lets her act. */
  deviForGreta: identityOf('devi', { roles: ['governance'], onBehalfOf: 'greta' }),
  there: identityOf('greta', { tenants: [otherTenant] }),
}
export type Who = keyof typeof tokens

export const stranger = `p-${'q'.repeat(26)}`
const everywhere = [{ command: 'Replay' as const, environments: null, required: [{ role: 'governance', count: 1 }] }]

/** The API with replays that wait for approval, all asked for by olga. */
export const openApprovalsApi = async ({ approvalRules = everywhere }: Parameters<typeof openApi>[0] = {}) => {
  const clock = { ms: nowMs }
  const api = await openApi({ tokens, open: true, approvalRules, services: { nowMs: () => clock.ms } })
  const { commands, ledger, log, pump, services } = api
  await api.run('failed', c.startRun(1), c.failRun({ retryable: false }))
  const as = (who: Who, key?: string) => ({
    authorization: `Bearer ${who}`,
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  })

  /** What the process manager does. */
  const carryOut = async () => {
    const deps = { commands: new CommandHandler(ledger), log, nowMs: () => clock.ms, head: () => ledger.head() }
    const manager = new Approvals({ ...deps, work: approvalWork(services.views), mayStill: () => true })
    for (let times = 0; times < 2; times += 1) {
      await pump.settled()
      await manager.sweep()
    }
    await pump.settled()
  }

  let asked = 0
  /** A replay that waits, and its approval. The partition is free again: a replay of it is not kept by another. */
  const open = async (): Promise<{ approvalId: string; runId: string }> => {
    asked += 1
    const failed = `failed-${asked}`
    await api.run(failed, c.startRun(1), c.failRun({ retryable: false }))
    const { body } = await api.post('/pipelines/replay', { run_id: failed, partition: `B-${failed}` }, as('olga'))
    const { approval_id: approvalId } = body.approval as { approval_id: string }
    await carryOut()
    return { approvalId, runId: String(body.run_id) }
  }

  const ask = (who: Who, path: string) => api.get(`/evidence/approvals${path}`, as(who))
  const say = async (
    who: Who,
    approvalId: string,
    word: 'approve' | 'reject' | 'override',
    body: object = { reason: 'looked at it' },
    key?: string,
  ) => {
    const answer = await api.post(`/evidence/approvals/${approvalId}/${word}`, body, as(who, key))
    await pump.settled()
    return answer
  }
  const pseudonymOf = async (who: Who): Promise<string> => {
    const { issuer, subject, tenants } = tokens[who]
    await api.get('/pipelines/runs', as(who))
    return api.keys.pseudonymOf({ issuer, subject: `${tenants[0]}/${subject}` })
  }
  return {
    ...api,
    clock,
    views: services.views,
    as,
    carryOut,
    open,
    ask,
    say,
    pseudonymOf,
    statusOf: async (run: string) => (await commands.load(runs, tenant, runOf(run))).state.status,
    /** What was said of an approval. */
    decided: (approvalId: string) => ledger.stream(`approval-${tenant}.${approvalId}`).slice(1),
    cancel: async (run: string) => {
      await commands.handle(runs, run, { type: 'CancelRun', runId: runOf(run) }, contextOf())
      await pump.settled()
    },
    erase: async (who: Who) => {
      await pump.settled()
      const path = `/ledger/subjects/${await pseudonymOf(who)}/erase`
      return api.post(path, { reason: 'asked for it' }, as('adam'))
    },
  }
}
