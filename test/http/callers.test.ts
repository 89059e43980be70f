import { describe, expect, test } from 'vitest'
import { RateLimits } from '../../src/http/limits.ts'
import { openApi } from '../support/api.ts'
import { identityOf } from '../support/identities.ts'
import { tenant } from '../support/ids.ts'

const robot = identityOf('robot-7', { roles: ['auditor'], onBehalfOf: 'alice-human' })
const tokens = { robot, alice: identityOf('alice'), vera: identityOf('vera', { roles: ['viewer'] }) }
const as = (token: keyof typeof tokens) => ({ authorization: `Bearer ${token}` })

describe('who was it', () => {
  test('whoever tries out other tenants is recorded by name, in a tenant of their own', async () => {
    const { get, calls } = await openApi({ tokens })
    const wrong = ['00000000-0000-4000-8000-00000000000b', 'no uuid']
    for (const header of wrong) await get('/api/pipeline/runs', { ...as('vera'), 'x-tenant-id': header })
    const who = { tenant, actor: expect.stringMatching(/^p-/) }
    expect(calls).toEqual([
      expect.objectContaining({ ...who, outcome: 'denied', reason: 'FORBIDDEN' }),
      expect.objectContaining({ ...who, outcome: 'invalid', reason: 'VALIDATION_FAILED' }),
    ])
  })

  test('and is limited like everybody', async () => {
    const { get } = await openApi({ tokens, services: { limits: new RateLimits({ hour: 100, burst: 2 }) } })
    const probe = () => get('/api/pipeline/runs', { ...as('vera'), 'x-tenant-id': tenant })
    const statuses = (await Promise.all([probe(), probe(), probe()])).map(({ status }) => status)
    expect(statuses).toEqual([400, 400, 429])
  })

  test('a delegate and the person behind it are both told, and known by name', async () => {
    const { get, calls, ledger, sealer } = await openApi({ tokens })
    await get('/api/pipeline/runs', as('robot'))
    expect(calls).toEqual([
      expect.objectContaining({
        actor: expect.stringMatching(/^p-/),
        onBehalfOf: expect.stringMatching(/^p-/),
      }),
    ])
    const people = ledger.all.flatMap(({ event }) => (event?.type === 'SubjectRegistered' ? [event.data] : []))
    const opened = await Promise.all(
      people.map(async ({ pseudonym, identity: sealed }) => [pseudonym, await sealer.open(sealed)]),
    )
    const issuer = 'https://issuer.example'
    expect(Object.fromEntries(opened)).toEqual({
      [calls[0]?.actor ?? '']: JSON.stringify({ issuer, subject: 'robot-7', name: 'robot-7 the caller' }),
      [calls[0]?.onBehalfOf ?? '']: JSON.stringify({ issuer, subject: 'alice-human', name: null }),
    })
  })

  test('a name that comes later, or changes, is registered; one that is left out is kept', async () => {
    const named = (name: string | null) => identityOf('nora', { name })
    const { get, ledger, sealer } = await openApi({
      tokens: { first: named(null), second: named('Nora'), third: named(null), fourth: named('Nora Quist') },
    })
    for (const token of ['first', 'second', 'third', 'fourth', 'fourth']) {
      await get('/api/pipeline/runs', { authorization: `Bearer ${token}` })
    }
    const people = ledger.all.flatMap(({ event }) => (event?.type === 'SubjectRegistered' ? [event.data.identity] : []))
    const names = await Promise.all(people.map(async (sealed) => JSON.parse((await sealer.open(sealed)) ?? '').name))
    expect(names).toEqual([null, 'Nora', 'Nora Quist'])
  })

  test('who is erased in the middle of a call calls as somebody else, and is registered as that', async () => {
    const { get, calls, keys, ledger, pump } = await openApi({ tokens })
    const alice = { issuer: tokens.alice.issuer, subject: `${tenant}/alice` }
    const before = await keys.pseudonymOf(alice)
    const { pseudonymOf } = keys
    // What another replica destroys this one may still have in mind.
    keys.pseudonymOf = async (subject) => {
      keys.pseudonymOf = pseudonymOf
      expect(subject).toEqual(alice)
      await keys.erase(before)
      return before
    }
    expect((await get('/api/pipeline/runs', as('alice'))).status).toBe(200)
    await pump.settled()
    const after = await keys.pseudonymOf(alice)
    expect([after === before, calls[0]?.actor]).toEqual([false, after])
    expect(ledger.stream(`subject-${tenant}.${after}`)).toHaveLength(1)
    expect(ledger.stream(`subject-${tenant}.${before}`)).toEqual([])
  })

  test('a call is traced even when no key can be had', async () => {
    const originOfNobody = () => Promise.reject(new Error('EMFILE'))
    const { get, calls } = await openApi({
      open: false,
      services: { callers: { of: () => Promise.reject(new Error('EMFILE')), originOfNobody } },
    })
    expect((await get('/api/pipeline/runs')).status).toBe(401)
    expect(calls).toEqual([expect.objectContaining({ tenant: 'system', origin: null, status: 401 })])
  })
})
