import { describe, expect, test } from 'vitest'
import { openApi } from '../support/api.ts'
import * as c from '../support/run-commands.ts'

const runs = '/api/pipeline/runs'

/** `ok` has succeeded, `bad` has failed, `new` is queued; of the weather, `on` runs and `off` was canceled. */
const given = async () => {
  const api = await openApi()
  const staged = ['extract', 'load'].flatMap((stage) => [c.startStage(stage), c.completeStage(stage)])
  await api.run('ok', c.startRun(1), ...staged, c.commitOutputs(), c.succeedRun())
  await api.run('bad', c.startRun(1), c.failRun({ stage: 'extract', retryable: false }))
  await api.run('new')
  for (const run_id of ['on', 'off']) {
    await api.post('/api/pipeline/trigger/weather', { batch_id: run_id === 'on' ? 'B-ok' : 'B-off', run_id })
  }
  await api.say('on', c.startRun(1))
  await api.say('off', c.cancelRun)
  const list = async (query = '') => {
    const { status, body } = await api.get(`${runs}${query}`)
    return { status, body, entries: (body.runs ?? []) as Record<string, unknown>[] }
  }
  const idsOf = async (query: string) => (await list(query)).entries.map(({ run_id }) => run_id).sort()
  return { list, idsOf }
}

describe('GET /api/pipeline/runs', () => {
  test('200 answers exactly as documented', async () => {
    const { list } = await given()
    const { status, body, entries } = await list()
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(['runs', 'total', 'page', 'per_page'])
    expect(body).toMatchObject({ total: 5, page: 1, per_page: 20 })
    expect(entries.find(({ run_id }) => run_id === 'run_ok')).toEqual({
      run_id: 'run_ok',
      pipeline: 'flights',
      status: 'SUCCESS',
      batch_id: 'B-ok',
      started_at: '2026-01-02T03:04:05Z',
      duration_seconds: 60,
    })
    expect(entries.find(({ run_id }) => run_id === 'run_bad')).toEqual({
      run_id: 'run_bad',
      pipeline: 'flights',
      status: 'FAILURE',
      batch_id: 'B-bad',
      started_at: '2026-01-02T03:04:05Z',
      duration_seconds: 60,
      error: 'it broke',
    })
    expect(entries.find(({ run_id }) => run_id === 'run_new')).toMatchObject({ duration_seconds: null })
  })

  test.each([
    ['?pipeline=weather', ['run_off', 'run_on']],
    ['?pipeline=nothing', []],
    ['?status=QUEUED', ['run_new']],
    ['?status=STARTED', ['run_on']],
    ['?status=SUCCESS', ['run_ok']],
    ['?status=FAILURE', ['run_bad']],
    ['?status=CANCELED', ['run_off']],
    ['?batch_id=B-ok', ['run_ok', 'run_on']],
    ['?batch_id=B-ok&pipeline=weather&status=STARTED', ['run_on']],
    ['?batch_id=B-ok&status=QUEUED', []],
  ])('200 filters: %s', async (query, expected) => {
    const { idsOf, list } = await given()
    expect(await idsOf(query)).toEqual(expected)
    expect((await list(query)).body.total).toBe(expected.length)
  })

  test('200 filters by STARTED what is paused or is being canceled, too', async () => {
    const { run, get } = await openApi()
    await run('running', c.startRun(1))
    await run('paused', c.startRun(1), c.pauseRun)
    await run('canceling', c.startRun(1), c.cancelRun)
    await run('queued')
    expect((await get(`${runs}?status=STARTED`)).body).toMatchObject({
      total: 3,
      runs: [{ status: 'STARTED' }, { status: 'STARTED' }, { status: 'STARTED' }],
    })
  })

  test('200 comes in pages, which together are all runs once', async () => {
    const { list } = await given()
    const pages = [await list('?limit=2'), await list('?limit=2&page=2'), await list('?limit=2&page=3')]
    expect(pages.map(({ body, entries }) => [entries.length, body.page, body.per_page, body.total])).toEqual([
      [2, 1, 2, 5],
      [2, 2, 2, 5],
      [1, 3, 2, 5],
    ])
    const ids = pages.flatMap(({ entries }) => entries.map(({ run_id }) => run_id))
    expect(new Set(ids).size).toBe(5)
    expect((await list('?page=9')).entries).toEqual([])
  })

  test('200 without any run', async () => {
    const { get } = await openApi()
    expect((await get(runs)).body).toEqual({ runs: [], total: 0, page: 1, per_page: 20 })
  })

  test.each([
    ['limit', '?limit=0'],
    ['limit', '?limit=1001'],
    ['limit', '?limit=ten'],
    ['limit', '?limit=-1'],
    ['limit', '?limit=1.5'],
    ['limit', '?limit='],
    ['page', '?page=0'],
    ['page', '?page=x'],
    ['status', '?status=DONE'],
    ['status', '?status=success'],
    ['status', '?status='],
    ['order', '?order=asc'],
  ])('400 names %s: %s', async (field, query) => {
    const { list } = await given()
    const { status, body } = await list(query)
    expect([status, body]).toMatchObject([
      400,
      {
        status: 'error',
        error: { code: 'VALIDATION_ERROR', message: expect.stringContaining(field), details: { field } },
      },
    ])
  })
})
