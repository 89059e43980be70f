import { openApi } from './api.ts'
import { identityOf } from './identities.ts'
import { otherTenant, tenant } from './ids.ts'
import { manifestOf } from './manifests.ts'
import { register } from './requests.ts'
import * as c from './run-commands.ts'

export const everywhere = [
  { command: 'Replay' as const, environments: null, required: [{ role: 'governance', count: 1 }] },
]
const staged = ['extract', 'load'].flatMap((stage) => [c.startStage(stage), c.completeStage(stage)])
export const fails = [c.startRun(1), c.failRun({ retryable: false })]
export const tokens = {
  olga: identityOf('olga', { roles: ['operator'] }),
  devi: identityOf('devi', { roles: ['developer', 'governance'] }),
  there: identityOf('olga', { roles: ['operator'], tenants: [otherTenant] }),
}
export const as = (who: keyof typeof tokens, key?: string) => ({
  authorization: `Bearer ${who}`,
  ...(key === undefined ? {} : { 'idempotency-key': key }),
})

/** Runs of every kind, each named after what has become of it; `promised` is of a contract. */
export const opened = async (options: Parameters<typeof openApi>[0] = {}) => {
  const api = await openApi({ tokens, ...options })
  await api.run('failed', ...fails)
  await api.run('active', c.startRun(1))
  await api.run('good', c.startRun(1), ...staged, c.commitOutputs(), c.succeedRun())
  const contract = { sink: 'out', ref: 'promises@v2' }
  await register(api.commands, manifestOf({ name: 'weather', contract }), 'h2')
  await api.post('/api/pipeline/trigger/weather', { batch_id: 'B-promised', run_id: 'promised' })
  await api.say('promised', ...fails)
  const replay = (body: object = {}, headers = as('olga')) =>
    api.post('/pipelines/replay', { run_id: 'failed', partition: 'B-failed', ...body }, headers)
  const typesOf = (run: unknown) => api.ledger.stream(`run-${tenant}.${run}`).map(({ type }) => type)
  const requestOf = (run: unknown) => {
    const event = api.ledger.stream(`run-${tenant}.${run}`)[0]?.event
    if (event?.type !== 'RunRequested') throw new Error(`run ${run} was not requested`)
    return event.data
  }
  return { ...api, replay, typesOf, requestOf }
}
