import { describe, expect, test } from 'vitest'
import { runs } from '../../src/app/aggregates.ts'
import { openApi } from '../support/api.ts'
import { runOf, tenant } from '../support/ids.ts'
import * as c from '../support/run-commands.ts'

const trigger = '/api/pipeline/trigger/flights'

describe('POST /api/pipeline/trigger/{pipeline}', () => {
  test('200 answers exactly as documented', async () => {
    const { post } = await openApi()
    const { status, headers, body } = await post(trigger, { batch_id: 'BATCH_001' })
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(body).toEqual({
      run_id: expect.stringMatching(/^run_[0-9a-f-]{36}$/),
      pipeline: 'flights',
      status: 'STARTED',
      batch_id: 'BATCH_001',
      started_at: '2026-01-02T03:04:05Z',
    })
  })

  test('200 asks for a run of that batch, with its config as parameters', async () => {
    const { post, commands } = await openApi()
    const asked = { batch_id: 'BATCH_001', config: { days: 3, deep: { a: [1, null] } }, run_id: 'mine' }
    expect((await post(trigger, asked)).body.run_id).toBe('run_mine')
    const { state } = await commands.load(runs, tenant, runOf('mine'))
    expect(state.requested).toMatchObject({
      batchId: 'BATCH_001',
      partition: 'BATCH_001',
      parameters: { days: 3, deep: { a: [1, null] } },
    })
  })

  test('200 takes config.partition for the partition, which then is no parameter', async () => {
    const { post, commands } = await openApi({ orchestration: { partition: { type: 'daily', column: null } } })
    const config = { partition: '2001-02-28', days: 3 }
    expect((await post(trigger, { batch_id: 'any batch', config, run_id: 'mine' })).status).toBe(200)
    const { state } = await commands.load(runs, tenant, runOf('mine'))
    expect(state.requested).toMatchObject({ partition: '2001-02-28', batchId: 'any batch', parameters: { days: 3 } })
  })

  test('200 tells the ledger who called, from where, and under which request', async () => {
    const { post, ledger } = await openApi()
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    const { headers } = await post(trigger, { batch_id: 'B' }, { 'x-request-id': 'req-7', traceparent })
    expect(headers.get('x-request-id')).toBe('req-7')
    expect(ledger.all.at(-1)?.metadata).toMatchObject({
      actor: { pseudonym: 'dev', authMethod: 'open' },
      dialect: 'batch',
      origin: expect.stringMatching(/^sealed:1:p-/),
      policy: { id: expect.stringMatching(/^[a-z-]+$/), version: expect.stringMatching(/^[0-9a-f]{64}$/) },
      requestId: 'req-7',
      correlationId: 'req-7',
      occurredAt: '2026-01-02T03:04:05.678Z',
      traceparent,
    })
  })

  test('404 for a pipeline that is unknown, that is a reserved word, or that is no name', async () => {
    const { post } = await openApi()
    for (const name of ['invalid_pipeline', 'runs', 'No-Name']) {
      const { status, body } = await post(`/api/pipeline/trigger/${name}`, { batch_id: 'B' })
      expect(status).toBe(404)
      expect(body).toEqual({
        status: 'error',
        error: { code: 'PIPELINE_NOT_FOUND', message: `Pipeline '${name}' not found` },
      })
    }
  })

  test('409 RUN_ACTIVE while a run of the batch is active, and 200 once it has ended', async () => {
    const { post, say } = await openApi()
    await post(trigger, { batch_id: 'B', run_id: 'first' })
    const { status, body } = await post(trigger, { batch_id: 'B' })
    expect(status).toBe(409)
    expect(body).toEqual({
      status: 'error',
      error: { code: 'RUN_ACTIVE', message: expect.any(String), details: { active_runs: ['run_first'] } },
    })
    await say('first', c.cancelRun)
    expect((await post(trigger, { batch_id: 'B' })).status).toBe(200)
  })

  test('409 RUN_EXISTS for a run id that is taken, with prefix or without', async () => {
    const { post } = await openApi()
    await post(trigger, { batch_id: 'B1', run_id: 'mine' })
    for (const run_id of ['mine', 'run_mine']) {
      const { status, body } = await post(trigger, { batch_id: 'B2', run_id })
      expect([status, body.error]).toMatchObject([409, { code: 'RUN_EXISTS' }])
    }
  })

  test('503 when the ledger does not answer', async () => {
    const { post, ledger } = await openApi()
    ledger.isDown = true
    const { status, body } = await post('/api/pipeline/trigger/unheard-of', { batch_id: 'B' })
    expect([status, body]).toMatchObject([503, { status: 'error', error: { code: 'LEDGER_UNAVAILABLE' } }])
  })

  test('500 tells the caller nothing of what went wrong, and the operator that something did', async () => {
    const { post, commands, log } = await openApi()
    commands.loadCached = () => Promise.reject(new Error('secret /srv/keys'))
    const { status, body } = await post(trigger, { batch_id: 'B' })
    expect([status, body]).toEqual([
      500,
      { status: 'error', error: { code: 'INTERNAL_ERROR', message: 'the server failed at this request' } },
    ])
    expect(log.lines).toEqual(['error: a request failed'])
  })
})

describe('400 names the field', () => {
  test.each([
    ['batch_id', {}],
    ['batch_id', { batch_id: 7 }],
    ['batch_id', { batch_id: null }],
    ['batch_id', { batch_id: '' }],
    ['batch_id', { batch_id: 'x'.repeat(201) }],
    ['batch_id', { batch_id: 'no partition key' }],
    ['batch_id', { batch_id: 'a..b' }],
    ['batch_id', { batch_id: 'no partition key', config: { partition: null } }],
    ['config', { batch_id: 'B', config: 'text' }],
    ['config', { batch_id: 'B', config: [1] }],
    ['config.partition', { batch_id: 'B', config: { partition: 'no partition key' } }],
    ['config.partition', { batch_id: 'B', config: { partition: 20_010_101 } }],
    ['run_id', { batch_id: 'B', run_id: 'no id' }],
    ['run_id', { batch_id: 'B', run_id: 'run_' }],
    ['run_id', { batch_id: 'B', run_id: '..' }],
    ['run_id', { batch_id: 'B', run_id: 7 }],
    ['batchId', { batch_id: 'B', batchId: 'B' }],
    ['body', ['B']],
    ['body', 'B'],
    ['body', null],
  ])('%s: %j', async (field, asked) => {
    const { post, ledger } = await openApi()
    const before = ledger.all.length
    const { status, body } = await post(trigger, asked)
    expect([status, body]).toMatchObject([
      400,
      {
        status: 'error',
        error: { code: 'VALIDATION_ERROR', message: expect.stringContaining(field), details: { field } },
      },
    ])
    expect(ledger.all).toHaveLength(before)
  })

  test.each([
    ['is empty', '', 'body: required'],
    ['is no JSON', '{"batch_id": ', 'body: not valid JSON'],
    ['is text', 'batch_id=B', 'body: not valid JSON'],
  ])('body: when it %s', async (_, text, message) => {
    const { call } = await openApi()
    const { status, body } = await call('POST', trigger, { body: text })
    expect([status, body.error]).toMatchObject([400, { code: 'VALIDATION_ERROR', message, details: { field: 'body' } }])
  })

  test('partition: that the pipeline does not have', async () => {
    const { post } = await openApi({ orchestration: { partition: { type: 'daily', column: null } } })
    const { status, body } = await post(trigger, { batch_id: '2001-02-29' })
    expect([status, body.error]).toMatchObject([400, { details: { field: 'partition' } }])
  })
})

test.each([
  ['letters', 'x'],
  ['letters of several bytes', 'é'],
])('413 for a body that is larger than a mebibyte, in %s', async (_, letter) => {
  const { call } = await openApi()
  const count = Math.ceil(1_100_000 / Buffer.byteLength(letter))
  const { status, body } = await call('POST', trigger, { body: JSON.stringify({ batch_id: letter.repeat(count) }) })
  expect([status, body.error]).toMatchObject([413, { code: 'BODY_TOO_LARGE' }])
})
