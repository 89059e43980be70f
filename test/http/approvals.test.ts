import { describe, expect, test } from 'vitest'
import { openApprovalsApi, stranger } from '../support/approvals-api.ts'

const two = [{ command: 'Replay' as const, environments: null, required: [{ role: 'governance', count: 2 }] }]

describe('an approval', () => {
  test('shows the command to the letter, what it changes, and who has decided what and why', async () => {
    const { open, ask, say, pseudonymOf } = await openApprovalsApi()
    const { approvalId, runId } = await open()
    const [olga, greta] = [await pseudonymOf('olga'), await pseudonymOf('greta')]
    const waiting = await ask('vera', `/${approvalId}`)
    expect([waiting.status, waiting.body]).toEqual([
      200,
      expect.objectContaining({
        approval_id: approvalId,
        status: 'pending',
        target: { kind: 'run', id: runId },
        requested_by: olga,
        on_behalf_of: null,
        closed_at: null,
        required: [{ role: 'governance', count: 1, granted: 0 }],
        command: expect.objectContaining({ type: 'RequestRun' }),
        command_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
        diff: [{ field: 'runId', before: 'failed-1', after: runId }],
        decisions: [],
      }),
    ])
    expect((await say('greta', approvalId, 'approve', { reason: 'the source is complete now' })).body).toEqual({
      approval_id: approvalId,
      status: 'granted',
      missing: [],
    })
    const { body } = await ask('vera', `/${approvalId}`)
    expect(body).toMatchObject({ status: 'granted', required: [{ granted: 1 }] })
    expect(body.decisions).toEqual([
      {
        word: 'granted',
        by: greta,
        on_behalf_of: null,
        role: 'governance',
        reason: 'the source is complete now',
        at: '2026-01-02T03:04:05.678Z',
      },
    ])
  })

  test('that is approved is carried out, rejected it is not, and overridden it is', async () => {
    const { open, say, carryOut, statusOf } = await openApprovalsApi()
    for (const [who, word, comesTo] of [
      ['greta', 'approve', 'queued'],
      ['greta', 'reject', 'rejected'],
      ['adam', 'override', 'queued'],
    ] as const) {
      const { approvalId, runId } = await open()
      expect((await say(who, approvalId, word)).body).toMatchObject({ approval_id: approvalId, missing: [] })
      await carryOut()
      expect([word, await statusOf(runId)]).toEqual([word, comesTo])
    }
  })

  test('says who is still missing, and counts a person once', async () => {
    const { open, say } = await openApprovalsApi({ approvalRules: two })
    const { approvalId } = await open()
    const missing = [{ role: 'governance', count: 1 }]
    expect((await say('greta', approvalId, 'approve')).body).toMatchObject({ status: 'pending', missing })
    expect((await say('greta', approvalId, 'approve')).body).toMatchObject({ status: 'pending', missing })
    expect((await say('gerd', approvalId, 'approve')).body).toMatchObject({ status: 'granted', missing: [] })
  })

  test('is answered again by its Idempotency-Key, and the key is for one word', async () => {
    const { open, say, ledger } = await openApprovalsApi()
    const { approvalId } = await open()
    const first = await say('greta', approvalId, 'approve', { reason: 'ok' }, '"k"')
    const before = ledger.all.length
    expect((await say('greta', approvalId, 'approve', { reason: 'ok' }, '"k"')).body).toEqual(first.body)
    expect((await say('greta', approvalId, 'approve', { reason: 'other' }, '"k"')).status).toBe(422)
    expect(ledger.all).toHaveLength(before)
  })
})

describe('a decision is refused', () => {
  test.each([
    ['who asked for it', 'olga', 'approve', 403, 'SELF_APPROVAL', 'who asks for an approval cannot give it'],
    ['who asked for it and is in governance too', 'olgaToo', 'approve', 403, 'SELF_APPROVAL', 'cannot give it'],
    ['a role that was not asked', 'devi', 'approve', 403, 'FORBIDDEN', 'is for governance to decide'],
    ['a role that was not asked', 'devi', 'reject', 403, 'FORBIDDEN', 'is for governance to decide'],
    ['a role that decides nothing', 'vera', 'approve', 403, 'FORBIDDEN', 'DecideApproval'],
    ['governance that breaks the glass', 'greta', 'override', 403, 'FORBIDDEN', 'OverrideApproval'],
    ['another tenant', 'there', 'approve', 404, 'APPROVAL_NOT_FOUND', 'not found'],
    ['another tenant', 'there', 'reject', 404, 'APPROVAL_NOT_FOUND', 'not found'],
    ['the admin of another tenant', 'there', 'override', 404, 'APPROVAL_NOT_FOUND', 'not found'],
  ] as const)('%s (%s, %s) with %i %s', async (_, who, word, status, title, detail) => {
    const { open, say, decided } = await openApprovalsApi()
    const { approvalId } = await open()
    const { body } = await say(who, approvalId, word)
    expect([body.status, body.title]).toEqual([status, title])
    expect(body.detail).toContain(detail)
    expect(decided(approvalId)).toEqual([])
  })

  test('that comes after another one', async () => {
    const { open, say } = await openApprovalsApi()
    for (const [who, first] of [
      ['greta', 'approve'],
      ['greta', 'reject'],
      ['adam', 'override'],
    ] as const) {
      const { approvalId } = await open()
      expect((await say(who, approvalId, first)).status).toBe(200)
      for (const [later, word] of [
        ['gerd', 'approve'],
        ['gerd', 'reject'],
        ['adam', 'override'],
      ] as const) {
        expect((await say(later, approvalId, word)).body).toMatchObject({ status: 409, title: 'APPROVAL_CLOSED' })
      }
    }
  })

  test('that comes too late', async () => {
    const { open, say, ask, carryOut, clock, statusOf } = await openApprovalsApi()
    const { approvalId, runId } = await open()
    clock.ms = Date.parse('2026-01-02T04:04:05.678Z')
    for (const word of ['approve', 'reject'] as const) {
      expect((await say('greta', approvalId, word)).body).toMatchObject({ status: 409, title: 'APPROVAL_EXPIRED' })
    }
    await carryOut()
    expect((await ask('greta', `/${approvalId}`)).body.status).toBe('expired')
    expect(await statusOf(runId)).toBe('rejected')
  })

  test.each([
    ['approve', {}, 'reason: required'],
    ['reject', { reason: ' ' }, 'reason: must not be empty'],
    ['override', { reason: 7 }, 'reason: must be a text'],
    ['approve', { reason: 'as a@b.example said' }, 'reason: must not hold an e-mail address'],
    ['approve', { reason: 'ok', approvedBy: 'greta' }, 'approvedBy: unknown field'],
    ['approve', { reason: 'ok', on_behalf_of: 'greta' }, 'on_behalf_of: must be a pseudonym'],
    ['override', { reason: 'ok', on_behalf_of: stranger }, 'on_behalf_of: unknown field'],
  ] as const)('to %s with %j: %s', async (word, body, detail) => {
    const { open, say, decided } = await openApprovalsApi()
    const { approvalId } = await open()
    const refused = await say(word === 'override' ? 'adam' : 'greta', approvalId, word, body)
    expect([refused.status, refused.body.title]).toEqual([400, 'VALIDATION_FAILED'])
    expect(refused.body.detail).toContain(detail)
    expect(decided(approvalId)).toEqual([])
  })

  test('of what never was', async () => {
    const { say, ask } = await openApprovalsApi()
    for (const id of ['00000000-0000-4000-8000-0000000000ff', 'x', 'delegation']) {
      expect((await say('greta', id, 'approve')).body).toMatchObject({ status: 404, title: 'APPROVAL_NOT_FOUND' })
      expect((await ask('greta', `/${id}`)).body).toMatchObject({ status: 404, title: 'APPROVAL_NOT_FOUND' })
    }
  })

  test('to a service that approves, though not to one that rejects', async () => {
    const { open, say } = await openApprovalsApi()
    const { approvalId } = await open()
    expect(await say('robot', approvalId, 'approve')).toMatchObject({
      status: 403,
      body: { title: 'FORBIDDEN', detail: 'an approval is for a person to give, not for a service' },
    })
    expect(await say('robot', approvalId, 'reject')).toMatchObject({ status: 200, body: { status: 'rejected' } })
  })
})

test('a subject with an open approval is not erased before it is settled', async () => {
  const { open, say, carryOut, erase } = await openApprovalsApi()
  const { approvalId } = await open()
  const refused = await erase('olga')
  expect([refused.status, refused.body.title, refused.body.approvals]).toEqual([409, 'APPROVALS_OPEN', [approvalId]])
  await say('greta', approvalId, 'approve')
  expect((await erase('olga')).status).toBe(409)
  await carryOut()
  expect((await erase('olga')).status).toBe(200)
})
