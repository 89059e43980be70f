import { describe, expect, test } from 'vitest'
import { loadPolicies } from '../../src/auth/policy.ts'
import { deadLettersApi } from '../support/dead-letters-api.ts'
import { runOf, tenant } from '../support/ids.ts'
import { manifestOf } from '../support/manifests.ts'
import { register, request } from '../support/requests.ts'
import * as c from '../support/run-commands.ts'

const everywhere = [{ command: 'Replay' as const, environments: null, required: [{ role: 'governance', count: 1 }] }]
const types = (events: readonly { type: string }[]) => events.map(({ type }) => type.replace('DeadLetter', ''))

/** With a failed run `a`, and its entry. */
const opened = async (options: Parameters<typeof deadLettersApi>[0] = {}) => {
  const api = await deadLettersApi(options)
  await api.fails('a')
  const { entry_id: id } = await api.entryOf('a')
  return { ...api, id, retry: (body: object = {}, key?: string) => api.decide(`/${id}/retry`, body, 'olga', key) }
}

describe('trying an entry again', () => {
  test('is a replay of its run, and is resolved when that succeeds', async () => {
    const { retry, id, requestOf, entryOf, succeeds, eventsOf, ledger } = await opened()
    const { status, body } = await retry({ reason: 'the file was mended' })
    expect([status, body]).toEqual([
      200,
      { entry_id: id, status: 'retrying', run_id: expect.any(String), delivery_id: null, approval: null },
    ])
    const runId = String(body.run_id)
    expect(requestOf(runId)).toMatchObject({ replayOf: { runId: 'a', contract: null }, partition: 'B-a' })
    expect(await entryOf('a')).toMatchObject({ status: 'retrying', retried_by: runId, retries: 1 })
    const [asked, said] = [ledger.stream(`run-${tenant}.${runId}`)[0], eventsOf(id)[1]]
    for (const event of [asked, said]) {
      expect(event?.metadata).toMatchObject({ reason: 'the file was mended', policy: { id: 'command-replay' } })
    }
    expect(said?.metadata.actor).toEqual(asked?.metadata.actor)
    await succeeds(runId)
    expect(await entryOf('a')).toMatchObject({ status: 'resolved', resolved_by: runId })
    expect(types(eventsOf(id))).toEqual(['Recorded', 'Retried', 'Resolved'])
  })

  test('opens it again when that fails, and then it may be tried once more', async () => {
    const { retry, entryOf, failsAgain, list } = await opened()
    await failsAgain(String((await retry()).body.run_id))
    expect((await list()).entries).toHaveLength(1)
    expect(await entryOf('a')).toMatchObject({ status: 'open', retries: 1, reason: 'it broke' })
    expect((await retry()).status).toBe(200)
  })

  test('waits where somebody has to approve it, under its contract', async () => {
    const api = await opened({ approvalRules: everywhere })
    const contract = { sink: 'out', ref: 'promises@v2' }
    await register(api.commands, manifestOf({ name: 'weather', contract }), 'h2')
    await api.post('/api/pipeline/trigger/weather', { batch_id: 'B-w', run_id: 'w' })
    await api.say('w', c.startRun(1), c.failRun({ retryable: false }))
    await api.keep()
    const { body } = await api.decide(`/${(await api.entryOf('w')).entry_id}/retry`)
    expect(body.approval).toMatchObject({ required: [{ role: 'governance', count: 1 }] })
    const { approval, replayOf } = api.requestOf(body.run_id)
    expect([approval?.approvalId, replayOf?.contract]).toEqual([expect.any(String), 'v2'])
  })

  test('of rows repeats the run that has succeeded, and all its entries are tried again with it', async () => {
    const { rejects, decide, list } = await opened()
    await rejects('b', 'known', 'fresh')
    const [first] = (await list('?run=b')).entries
    const { body } = await decide(`/${first?.entry_id}/retry`)
    const { entries } = await list('?source=rows')
    expect(entries.map(({ status, retried_by }) => [status, retried_by])).toEqual([
      ['retrying', body.run_id],
      ['retrying', body.run_id],
    ])
  })

  test('of a message sends it again', async () => {
    const { undelivered, list, decide, keep } = await opened()
    const { deliveryId, typesOf, deliver } = await undelivered()
    const [entry] = (await list('?source=delivery')).entries
    const { status, body } = await decide(`/${entry?.entry_id}/retry`)
    expect([status, body]).toMatchObject([200, { run_id: null, delivery_id: deliveryId }])
    expect(typesOf(deliveryId).at(-1)).toBe('DeliveryResent')
    await deliver(deliveryId, 2)
    await keep()
    expect((await list('?source=delivery')).entries).toMatchObject([{ status: 'resolved', resolved_by: deliveryId }])
  })
})

describe('trying an entry again is refused', () => {
  test('while it is tried again, and when it has ended', async () => {
    const { retry, decide, id, succeeds, ledger } = await opened()
    const { body } = await retry()
    const asked = () => ledger.all.filter(({ type }) => type === 'RunRequested').length
    const before = asked()
    expect((await retry()).body).toMatchObject({ status: 409, title: 'DEAD_LETTER_RETRYING', by: body.run_id })
    expect((await decide(`/${id}/discard`, { reason: 'no' })).body.title).toBe('DEAD_LETTER_RETRYING')
    await succeeds(String(body.run_id))
    for (const [word, said] of [
      ['retry', {}],
      ['discard', { reason: 'no' }],
      ['assign', { assignee: 'me' }],
    ] as const) {
      expect((await decide(`/${id}/${word}`, said)).body).toMatchObject({ status: 409, title: 'DEAD_LETTER_ENDED' })
    }
    expect(asked()).toBe(before)
  })

  test('for another that comes at the same time', async () => {
    const { keep, post, id, ledger } = await opened()
    await keep()
    const ask = () => post(`/pipelines/dlq/${id}/retry`, {}, { authorization: 'Bearer olga' })
    const answers = await Promise.all([ask(), ask(), ask()])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
    expect(ledger.all.filter(({ type }) => type === 'RunRequested')).toHaveLength(2)
  })

  test('when the evidence of its run does not hold, and leaves nothing behind', async () => {
    const { retry, services, id, eventsOf } = await opened()
    services.evidence.doubt = async () => 'leaf 3: it differs'
    expect((await retry()).body).toMatchObject({ status: 409, title: 'NOT_REPLAYABLE' })
    expect(eventsOf(id)).toHaveLength(1)
  })

  test('for whoever may not replay a run, or send a message; they may discard it', async () => {
    const { decide, id, undelivered, list, eventsOf } = await opened()
    await undelivered()
    const [message] = (await list('?source=delivery')).entries
    for (const entry of [id, message?.entry_id]) {
      const { status, body } = await decide(`/${entry}/retry`, {}, 'grace')
      expect([status, body.detail]).toEqual([403, expect.stringMatching(/\((ReplayRun|ManageWebhooks)\)/)])
      expect((await decide(`/${entry}/discard`, { reason: 'a test' }, 'grace')).status).toBe(200)
    }
    expect(types(eventsOf(id))).toEqual(['Recorded', 'Discarded'])
  })

  test.each(['ReplayRun', 'DecideDeadLetter'])('where a policy says so of the place (%s)', async (action) => {
    const policies = loadPolicies('policies')
    const decide: typeof policies.decide = (question) =>
      question.resource.environment === 'prod' && question.action === action
        ? { allowed: false, policy: { id: 'freeze', version: '1' } }
        : policies.decide(question)
    const api = await opened({ services: { policies: { decide } } })
    const prod = { environment: 'prod' as const, pinned: { manifestHash: 'h1', overrides: [] }, partition: null }
    await request(api.commands, 'p', prod)
    await api.say('p', c.startRun(1), c.failRun({ retryable: false }))
    const { entry_id } = await api.entryOf('p')
    const { status, body } = await api.decide(`/${entry_id}/retry`)
    expect([status, body.detail]).toEqual([403, `no policy lets you do this in prod (${action})`])
    expect((await api.retry()).status).toBe(200)
  })

  test('without a reason for a discard, or with one that names somebody', async () => {
    const { decide, id, eventsOf } = await opened()
    for (const [body, detail] of [
      [{}, 'reason: required'],
      [{ reason: ' ' }, 'reason: must not be empty'],
      [{ reason: 'ask a@b.example' }, 'reason: must not hold an e-mail address'],
    ] as const) {
      const answer = await decide(`/${id}/discard`, body)
      expect([answer.status, answer.body.detail]).toEqual([400, expect.stringContaining(detail)])
    }
    expect(eventsOf(id)).toHaveLength(1)
  })
})

describe('an Idempotency-Key', () => {
  test('gives the same answer again, whatever has become of it, and asks for nothing', async () => {
    const { retry, failsAgain, ledger } = await opened({ approvalRules: [] })
    const first = await retry({}, '"k"')
    const again = await retry({}, '"k"')
    await failsAgain(String(first.body.run_id))
    const before = ledger.all.length
    const later = await retry({}, '"k"')
    expect([again.body, later.body, later.status]).toEqual([first.body, first.body, 200])
    expect(ledger.all).toHaveLength(before)
    expect((await retry({ reason: 'another' }, '"k"')).body.title).toBe('IDEMPOTENCY_KEY_REUSED')
  })

  test('finishes what broke off between the run and the entry', async () => {
    const { retry, commands, id, eventsOf, ledger } = await opened()
    const { handle } = commands
    commands.handle = (async (...args: Parameters<typeof handle>) => {
      const [, , command] = args as unknown as [unknown, unknown, { type: string }]
      if (command.type === 'RetryDeadLetter') throw new Error('the process died')
      return Reflect.apply(handle, commands, args)
    }) as typeof handle
    expect((await retry({}, '"k"')).status).toBe(500)
    commands.handle = handle
    expect(types(eventsOf(id))).toEqual(['Recorded', 'Retried'])
    const { status, body } = await retry({}, '"k"')
    expect([status, types(eventsOf(id))]).toEqual([200, ['Recorded', 'Retried']])
    const asked = ledger.stream(`run-${tenant}.${runOf(String(body.run_id))}`)[0]
    expect(eventsOf(id)[1]?.metadata.actor).toEqual(asked?.metadata.actor)
  })
})
