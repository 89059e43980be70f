import { describe, expect, test } from 'vitest'
import { openApi } from '../support/api.ts'
import * as c from '../support/run-commands.ts'

const trigger = '/api/pipeline/trigger/flights'
const key = (text: string) => ({ 'idempotency-key': text })

const triggerTwice = async (first: unknown, second: unknown, headers = key('"k"')) => {
  const api = await openApi()
  const one = await api.post(trigger, first, headers)
  const before = api.ledger.all.length
  const two = await api.post(trigger, second, headers)
  return { ...api, one, two, written: api.ledger.all.length - before }
}

describe('the same Idempotency-Key with the same body', () => {
  test('is answered as the first time, and nothing happens again', async () => {
    const { one, two, written } = await triggerTwice({ batch_id: 'B' }, { batch_id: 'B' })
    expect([one.status, two.status, written]).toEqual([200, 200, 0])
    expect(two.body).toEqual(one.body)
  })

  test('is so after the run has ended, too', async () => {
    const { post, say, ledger } = await openApi()
    const one = await post(trigger, { batch_id: 'B' }, key('"k"'))
    await say(String(one.body.run_id).slice(4), c.cancelRun)
    const before = ledger.all.length
    expect((await post(trigger, { batch_id: 'B' }, key('"k"'))).body).toEqual(one.body)
    expect(ledger.all).toHaveLength(before)
  })

  test('is one key with quotes and without', async () => {
    const { post } = await openApi()
    const one = await post(trigger, { batch_id: 'B' }, key('"k"'))
    expect((await post(trigger, { batch_id: 'B' }, key('k'))).body).toEqual(one.body)
  })

  test('does not depend on the order in which the body says things', async () => {
    const one = { batch_id: 'B', config: { a: 1, b: { c: 2, d: 3 } } }
    const two = { config: { b: { d: 3, c: 2 }, a: 1 }, batch_id: 'B' }
    expect((await triggerTwice(one, two)).two.status).toBe(200)
  })

  test('is so for two requests at the same time', async () => {
    const { post, ledger } = await openApi()
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(trigger, { batch_id: 'B' }, key('"k"'))))
    expect(new Set(answers.map(({ status, body }) => JSON.stringify([status, body]))).size).toBe(1)
    expect(ledger.all.filter(({ type }) => type === 'RunRequested')).toHaveLength(1)
  })

  test('is so for a cancel', async () => {
    const { run, post } = await openApi()
    await run('r')
    const one = await post('/api/pipeline/cancel/run_r', undefined, key('"k"'))
    const two = await post('/api/pipeline/cancel/run_r', undefined, key('"k"'))
    expect([one.status, two.status]).toEqual([200, 200])
    expect(two.body).toEqual(one.body)
  })

  test('after a refusal is decided again', async () => {
    const { run, say, post } = await openApi()
    await run('r')
    const refused = await post(trigger, { batch_id: 'B-r' }, key('"k"'))
    expect(refused.status).toBe(409)
    await say('r', c.cancelRun)
    expect((await post(trigger, { batch_id: 'B-r' }, key('"k"'))).status).toBe(200)
  })
})

describe('the same Idempotency-Key with another body', () => {
  test.each([
    ['another batch', { batch_id: 'B' }, { batch_id: 'C' }],
    ['another config', { batch_id: 'B' }, { batch_id: 'B', config: { a: 1 } }],
    ['a run id', { batch_id: 'B' }, { batch_id: 'B', run_id: 'mine' }],
    ['another run id', { batch_id: 'B', run_id: 'one' }, { batch_id: 'B', run_id: 'two' }],
    ['another run id and batch', { batch_id: 'B', run_id: 'one' }, { batch_id: 'C', run_id: 'two' }],
    ['the order of a list', { batch_id: 'B', config: { a: [1, 2] } }, { batch_id: 'B', config: { a: [2, 1] } }],
  ])('is 422: %s', async (_, first, second) => {
    const { one, two, written } = await triggerTwice(first, second)
    expect([one.status, two.status, written]).toEqual([200, 422, 0])
    expect(two.body).toMatchObject({ status: 'error', error: { code: 'IDEMPOTENCY_KEY_REUSED' } })
  })
})

describe('an Idempotency-Key', () => {
  test('means one route: on another pipeline it is another key', async () => {
    const { post } = await openApi()
    const one = await post(trigger, { batch_id: 'B' }, key('"k"'))
    const two = await post('/api/pipeline/trigger/weather', { batch_id: 'B' }, key('"k"'))
    expect([one.status, two.status]).toEqual([200, 200])
    expect(two.body.run_id).not.toBe(one.body.run_id)
  })

  test.each(['', '""', `"${'x'.repeat(256)}"`])('of no use is 400: %s', async (text) => {
    const { post } = await openApi()
    const { status, body } = await post(trigger, { batch_id: 'B' }, key(text))
    expect([status, body.error]).toMatchObject([400, { details: { field: 'Idempotency-Key' } }])
  })

  test('leaves every event an id of its own, whatever run id was chosen', async () => {
    const { post, ledger } = await openApi()
    await post(trigger, { batch_id: 'A' }, key('"one"'))
    await post(trigger, { batch_id: 'B', run_id: 'mine' }, key('"two"'))
    const ids = ledger.all.map(({ id }) => id)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })

  test('that is not given makes every request another one', async () => {
    const { post } = await openApi({ orchestration: { max_active_runs: null } })
    const [one, two] = [await post(trigger, { batch_id: 'B' }), await post(trigger, { batch_id: 'B' })]
    expect([one.status, two.status]).toEqual([200, 200])
    expect(two.body.run_id).not.toBe(one.body.run_id)
  })
})
