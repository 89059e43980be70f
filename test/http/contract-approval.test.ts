import { expect, test } from 'vitest'
import { defaultApprovalRules } from '../../src/domain/approval/rules.ts'
import { openApprovalsApi } from '../support/approvals-api.ts'

const v1 = { type: 'object', properties: { origin: { type: 'string' } } }
const v2 = { type: 'object', properties: { origin: { type: 'string' }, flights: { type: 'integer' } } }

/** A contract in its first version, and its second, which devi has asked for. */
const asked = async () => {
  const api = await openApprovalsApi({ approvalRules: defaultApprovalRules })
  const register = (body: object, query = '') => api.post(`/pipelines/contracts${query}`, body, api.as('devi'))
  expect(await register({ name: 'routes', version: 'v1', schema: v1 })).toMatchObject({
    status: 201,
    body: { status: 'registered', approval: null, changed: true },
  })
  const body = { name: 'routes', version: 'v2', schema: v2, reason: 'flights are counted' }
  expect(await register(body, '?dry_run=true')).toMatchObject({
    status: 200,
    body: { status: 'awaiting_approval', changed: false, approval: { approval_id: null }, dry_run: true },
  })
  const waiting = await register(body)
  expect(waiting).toMatchObject({
    status: 200,
    body: {
      number: 2,
      status: 'awaiting_approval',
      changed: false,
      approval: { required: [{ role: 'governance', count: 2 }] },
    },
  })
  await api.carryOut()
  const { approval_id: approvalId } = waiting.body.approval as { approval_id: string }
  const versions = async () => {
    await api.pump.settled()
    return (await api.get('/pipelines/contracts/routes', api.as('devi'))).body.versions as { version: string }[]
  }
  return { ...api, register, body, approvalId, versions }
}

test('a contract changes once two of governance have approved, and counts from then on', async () => {
  const { say, ask, carryOut, approvalId, versions, ledger } = await asked()
  expect((await ask('greta', `/${approvalId}`)).body).toMatchObject({
    target: { kind: 'contract', id: 'routes' },
    command: { type: 'RegisterContract', contract: { version: 'v2', schema: v2 } },
  })
  expect((await say('greta', approvalId, 'approve')).body).toMatchObject({ status: 'pending' })
  await carryOut()
  expect(await versions()).toHaveLength(1)
  expect((await say('gerd', approvalId, 'approve')).body).toMatchObject({ status: 'granted' })
  await carryOut()
  expect((await versions()).map(({ version }) => version)).toEqual(['v1', 'v2'])
  const registered = ledger.all.filter(({ type }) => type === 'ContractRegistered').at(-1)
  expect(registered?.metadata).toMatchObject({ approvals: [approvalId], actor: { kind: 'person' } })
})

test('a change that is rejected never counts, and another may be asked for', async () => {
  const { say, carryOut, approvalId, versions, register, body } = await asked()
  expect(await register({ ...body, version: 'v3' })).toMatchObject({
    status: 409,
    body: { title: 'APPROVAL_PENDING', approvalId },
  })
  expect((await say('greta', approvalId, 'reject')).body).toMatchObject({ status: 'rejected' })
  await carryOut()
  expect(await versions()).toHaveLength(1)
  expect((await register({ ...body, version: 'v3' })).body).toMatchObject({ status: 'awaiting_approval', number: 2 })
})

test('one person of governance is not two, whatever token they come with', async () => {
  const { say, carryOut, approvalId, versions } = await asked()
  await say('greta', approvalId, 'approve')
  expect((await say('greta', approvalId, 'approve')).body).toMatchObject({ status: 'pending' })
  await carryOut()
  expect(await versions()).toHaveLength(1)
})
