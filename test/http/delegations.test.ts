import { describe, expect, test } from 'vitest'
import { delegationsMax } from '../../src/domain/delegation/decide.ts'
import { openApprovalsApi, stranger, type Who } from '../support/approvals-api.ts'
import { tenant } from '../support/ids.ts'

const until = '2026-02-01T00:00:00.000Z'
const two = [{ command: 'Replay' as const, environments: null, required: [{ role: 'governance', count: 2 }] }]

/** Everybody has called once, so that the ledger knows them; `is` are their pseudonyms. */
const opened = async (options: Parameters<typeof openApprovalsApi>[0] = {}) => {
  const api = await openApprovalsApi(options)
  const names = ['olga', 'greta', 'gerd', 'devi', 'vera', 'adam'] as const
  const found: [string, string][] = []
  for (const name of names) found.push([name, await api.pseudonymOf(name)])
  const is = Object.fromEntries(found) as Record<(typeof names)[number], string>
  const at = '/evidence/approvals/delegations'
  const delegate = (who: Who, to: string, over: object = {}, key?: string) =>
    api.post(at, { to, until, reason: 'on leave', ...over }, api.as(who, key))
  const list = async (who: Who, query = '') => {
    await api.pump.settled()
    return (await api.get(`${at}${query}`, api.as(who))).body as { delegations: { delegation_id: string }[] }
  }
  const revoke = (who: Who, id: unknown) => api.call('DELETE', `${at}/${id}`, { headers: api.as(who) })
  const approveFor = (who: Who, from: string, approvalId: string, word: 'approve' | 'reject' = 'approve') =>
    api.say(who, approvalId, word, { reason: 'looked at it', on_behalf_of: from })
  return { ...api, is, delegate, list, revoke, approveFor }
}

describe('a delegation', () => {
  test('lets a delegate decide in the roles that were delegated, and is named in what they decide', async () => {
    const { is, delegate, open, approveFor, say, ask, carryOut, statusOf, ledger } = await opened()
    const { approvalId, runId } = await open()
    expect((await say('devi', approvalId, 'approve')).body.title).toBe('FORBIDDEN')
    const given = await delegate('greta', is.devi)
    expect([given.status, given.body]).toEqual([
      201,
      {
        delegation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        from: is.greta,
        to: is.devi,
        roles: ['governance'],
        reason: 'on leave',
        granted_at: '2026-01-02T03:04:05.678Z',
        until,
        revoked_at: null,
        status: 'in_force',
      },
    ])
    expect((await approveFor('devi', is.greta, approvalId)).body).toMatchObject({ status: 'granted', missing: [] })
    const { body } = await ask('vera', `/${approvalId}`)
    expect(body.decisions).toEqual([
      expect.objectContaining({ word: 'granted', by: is.devi, on_behalf_of: is.greta, role: 'governance' }),
    ])
    const stored = ledger.stream(`approval-${tenant}.${approvalId}`).at(-1)?.metadata
    expect(stored?.actor).toMatchObject({ pseudonym: is.devi, onBehalfOf: is.greta, roles: ['developer'] })
    await carryOut()
    expect(await statusOf(runId)).toBe('queued')
    const other = await open()
    expect((await approveFor('devi', is.greta, other.approvalId, 'reject')).body.status).toBe('rejected')
  })

  test('holds until it is taken back, and no longer than to its end', async () => {
    const { is, delegate, open, approveFor, revoke, clock } = await opened({ approvalRules: two })
    const { approvalId } = await open()
    const refusal = { status: 403, title: 'FORBIDDEN', on_behalf_of: is.greta }
    const first = await delegate('greta', is.devi)
    expect((await revoke('greta', first.body.delegation_id)).body).toEqual({
      delegation_id: first.body.delegation_id,
      status: 'revoked',
    })
    expect((await revoke('greta', first.body.delegation_id)).status).toBe(200)
    expect((await approveFor('devi', is.greta, approvalId)).body).toMatchObject(refusal)
    await delegate('greta', is.devi, { until: '2026-01-02T03:30:00+00:00' })
    clock.ms = Date.parse('2026-01-02T03:30:00.000Z')
    expect((await approveFor('devi', is.greta, approvalId)).body).toMatchObject(refusal)
    clock.ms -= 1
    expect((await approveFor('devi', is.greta, approvalId)).status).toBe(200)
  })

  test('makes one person of two: neither approves what the other asked for, and both count once', async () => {
    const { is, delegate, open, approveFor, say } = await opened({ approvalRules: two })
    const { approvalId } = await open()
    await delegate('olgaToo', is.gerd)
    await delegate('gerd', is.olga)
    expect((await approveFor('gerd', is.olga, approvalId)).body.title).toBe('SELF_APPROVAL')
    expect((await approveFor('olga', is.gerd, approvalId)).body.title).toBe('SELF_APPROVAL')
    await delegate('greta', is.devi)
    expect((await approveFor('devi', is.greta, approvalId)).body).toMatchObject({ status: 'pending' })
    expect((await say('greta', approvalId, 'approve')).body).toMatchObject({ status: 'pending' })
    expect((await say('gerd', approvalId, 'approve')).body).toMatchObject({ status: 'granted' })
  })

  test('is told of to both, and to nobody else', async () => {
    const { is, delegate, list, revoke, clock } = await opened()
    const [toDevi, toGerd] = [await delegate('greta', is.devi), await delegate('greta', is.gerd)]
    await revoke('greta', toGerd.body.delegation_id)
    const idsOf = async (who: Who, query = '') => (await list(who, query)).delegations.map((each) => each.delegation_id)
    const both = [toDevi.body.delegation_id, toGerd.body.delegation_id].sort()
    expect(await idsOf('greta')).toEqual(both)
    expect(await list('devi')).toMatchObject({ you: is.devi, total: 1, delegations: [toDevi.body] })
    expect((await list('gerd')).delegations[0]).toMatchObject({ status: 'revoked', revoked_at: expect.any(String) })
    expect([await idsOf('greta', '?side=received'), await idsOf('devi', '?side=given')]).toEqual([[], []])
    expect(await idsOf('devi', '?side=received')).toEqual([toDevi.body.delegation_id])
    expect(await idsOf('greta', '?limit=1&page=2')).toEqual(both.slice(1))
    for (const who of ['olga', 'adam', 'there'] as const) expect([who, await idsOf(who)]).toEqual([who, []])
    clock.ms = Date.parse(until)
    expect((await list('devi')).delegations[0]).toMatchObject({ status: 'expired' })
  })

  test('shows a delegate what waits for whom they speak for', async () => {
    const { is, delegate, open, ask, approveFor } = await opened({ approvalRules: two })
    const { approvalId } = await open()
    const forGreta = `?mine=true&on_behalf_of=${is.greta}`
    expect((await ask('devi', forGreta)).status).toBe(403)
    await delegate('greta', is.devi)
    expect((await ask('devi', '?mine=true')).body).toMatchObject({ total: 0 })
    expect((await ask('devi', forGreta)).body).toMatchObject({ approvals: [{ approval_id: approvalId }] })
    expect((await ask('devi', `?on_behalf_of=${is.greta}`)).body.detail).toBe('on_behalf_of: only with mine=true')
    await approveFor('devi', is.greta, approvalId)
    for (const [who, query] of [
      ['devi', forGreta],
      ['greta', '?mine=true'],
    ] as const) {
      expect((await ask(who, query)).body).toMatchObject({ total: 0 })
    }
  })

  test('is granted once by one Idempotency-Key, and a decision by it is answered again though it has ended', async () => {
    const { is, delegate, list, revoke, open, say } = await opened()
    const { approvalId } = await open()
    const first = await delegate('greta', is.devi, {}, '"d"')
    expect((await delegate('greta', is.devi, {}, '"d"')).body).toEqual(first.body)
    expect((await delegate('greta', is.gerd, {}, '"d"')).status).toBe(422)
    expect((await list('greta')).delegations).toHaveLength(1)
    const body = { reason: 'ok', on_behalf_of: is.greta }
    const decided = await say('devi', approvalId, 'approve', body, '"k"')
    await revoke('greta', first.body.delegation_id)
    expect((await say('devi', approvalId, 'approve', body, '"k"')).body).toEqual(decided.body)
  })
})

describe('it is refused', () => {
  test.each([
    ['to oneself', { to: 'greta' }, 'to: is yourself'],
    ['without an end', { until: undefined }, 'until: '],
    ['with an end that is no time', { until: 'soon' }, 'until: must be a date'],
    ['with an end that has passed', { until: '2026-01-02T03:04:05.678Z' }, 'until: must be in the future'],
    ['for longer than a year', { until: '2027-01-04' }, 'until: must be within 366 days'],
    ['without a reason', { reason: undefined }, 'reason: required'],
    ['to a name', { to: 'Devi' }, 'to: must be a pseudonym'],
    ['in roles of one’s choice', { roles: ['tenant-admin'] }, 'roles: unknown field'],
  ] as const)('to delegate %s', async (_, over, detail) => {
    const { is, delegate, list } = await opened()
    const to = 'to' in over && over.to === 'greta' ? { to: is.greta } : {}
    const { status, body } = await delegate('greta', is.devi, { ...over, ...to })
    expect([status, body.title]).toEqual([400, 'VALIDATION_FAILED'])
    expect(body.detail).toContain(detail)
    expect((await list('greta')).delegations).toEqual([])
  })

  test('to delegate to whom nobody knows here, or who was erased', async () => {
    const { is, delegate, erase } = await opened()
    await erase('devi')
    for (const to of [stranger, is.devi]) {
      expect((await delegate('greta', to)).body).toMatchObject({ status: 404, title: 'SUBJECT_NOT_FOUND', field: 'to' })
    }
  })

  test('to delegate as a viewer, a program, a delegate by token, or without a token', async () => {
    const { is, delegate, post } = await opened()
    for (const who of ['vera', 'robot', 'deviForGreta'] as const) {
      expect([who, (await delegate(who, is.gerd)).body.title]).toEqual([who, 'FORBIDDEN'])
    }
    const body = { to: is.gerd, until, reason: 'on leave' }
    expect((await post('/evidence/approvals/delegations', body)).body.title).toBe('FORBIDDEN')
  })

  test('to delegate more than so many times at once', async () => {
    const { is, delegate } = await opened()
    for (let times = 0; times < delegationsMax; times += 1) expect((await delegate('greta', is.devi)).status).toBe(201)
    expect((await delegate('greta', is.devi)).body).toMatchObject({ status: 409, title: 'CONFLICT' })
  })

  test('to decide for whom has delegated nothing, delegated it to another, is unknown or was erased', async () => {
    const { is, delegate, open, approveFor, erase, decided } = await opened()
    const { approvalId } = await open()
    await delegate('greta', is.gerd)
    await delegate('adam', is.devi)
    expect((await erase('adam')).status).toBe(200)
    for (const from of [is.vera, is.greta, is.adam, stranger]) {
      const { body } = await approveFor('devi', from, approvalId)
      expect(body).toMatchObject({ status: 403, title: 'FORBIDDEN', on_behalf_of: from })
      expect(body.detail).toBe(`on_behalf_of: no delegation of '${from}' to you is in force`)
    }
    expect(decided(approvalId)).toEqual([])
  })

  test('to decide for one with a token that speaks for another', async () => {
    const { is, delegate, open, approveFor } = await opened()
    const { approvalId } = await open()
    await delegate('gerd', is.devi)
    expect((await approveFor('deviForGreta', is.gerd, approvalId)).body.title).toBe('FORBIDDEN')
  })

  test('to take back what another has given, and what never was', async () => {
    const { is, delegate, revoke, list } = await opened()
    const { body } = await delegate('greta', is.devi)
    for (const [who, id] of [
      ['devi', body.delegation_id],
      ['adam', body.delegation_id],
      ['there', body.delegation_id],
      ['greta', 'nothing'],
    ] as const) {
      expect((await revoke(who, id)).body).toMatchObject({ status: 404, title: 'DELEGATION_NOT_FOUND' })
    }
    expect((await list('greta')).delegations[0]).toMatchObject({ status: 'in_force' })
  })
})
