import { expect, test } from 'vitest'
import { accessLogs } from '../../src/app/aggregates.ts'
import { systemContext } from '../../src/app/context.ts'
import { openApi } from '../support/api.ts'
import { callOf } from '../support/events.ts'
import { identityOf } from '../support/identities.ts'
import { tenant } from '../support/ids.ts'

test('who was erased is shown no more as soon as the views know, though a key is still in memory here', async () => {
  const api = await openApi({ tokens: { vera: identityOf('vera') } })
  const { get, post, keys, commands, pump, services, sealer } = api
  await get('/api/pipeline/runs', { authorization: 'Bearer vera' })
  const vera = await keys.pseudonymOf({ issuer: 'https://issuer.example', subject: `${tenant}/vera` })
  const command = {
    type: 'RecordCalls' as const,
    calls: [callOf({ actor: vera, origin: await sealer.seal(vera, 'here') })],
  }
  await commands.handle(accessLogs, 'day-box', command, systemContext(tenant, 'test', 0))
  const person = { issuer: 'https://issuer.example', subject: 'vera', name: 'Vera' }
  services.openSealed = async () => JSON.stringify(person)
  const shown = async () => {
    await pump.settled()
    const { body } = await get(`/history/access?actor=${vera}`)
    return body.calls
  }
  expect(await shown()).toMatchObject([{ person, origin: expect.any(String), erased: false }])
  expect((await post(`/ledger/subjects/${vera}/erase`, { reason: 'asked for it' })).status).toBe(200)
  expect(await shown()).toMatchObject([{ person: null, origin: null, erased: true }])
})
