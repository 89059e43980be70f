import { describe, expect, test } from 'vitest'
import { nowMs, openApi } from '../support/api.ts'
import { identityOf } from '../support/identities.ts'
import { otherTenant } from '../support/ids.ts'
import { lineAt, logLines } from '../support/logging.ts'
import * as c from '../support/run-commands.ts'

const at = (secondsAgo: number) => new Date(nowMs - secondsAgo * 1_000).toISOString()

const opened = async () => {
  const api = await openApi()
  await api.run('r1', c.startRun(1))
  await logLines(api.commands, 'r1', [
    lineAt(0, 'begun', { at: at(50) }),
    lineAt(0, 'read 3 rows', { at: at(40), stage: 'extract', fields: { rows: 3 } }),
    lineAt(0, 'slow', { at: at(30), stage: 'extract', level: 'warn', code: 'TIMEOUT' }),
  ])
  await logLines(api.commands, 'r1', [lineAt(0, 'it broke', { at: at(20), level: 'error', code: 'STAGE_FAILED' })], {
    attempt: 2,
  })
  const messages = async (path: string) => {
    const { status, body } = await api.get(path)
    if (status !== 200) throw new Error(JSON.stringify(body))
    return (body.lines as { message: string }[]).map(({ message }) => message)
  }
  return { ...api, messages }
}

describe('GET /pipelines/runs/{run_id}/logs', () => {
  test('has the lines of a run, and says for how long they are kept', async () => {
    const { get } = await opened()
    const { status, body } = await get('/pipelines/runs/run_r1/logs')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      run_id: 'r1',
      next: null,
      stopped_early: false,
      kept_days: 30,
      kept_since: '2025-12-03T03:04:05.678Z',
    })
    expect((body.lines as object[])[1]).toEqual({
      at: at(40),
      level: 'info',
      attempt: 1,
      stage: 'extract',
      error_type: null,
      message: 'read 3 rows',
      fields: { rows: 3 },
    })
  })

  test.each([
    ['', ['begun', 'read 3 rows', 'slow', 'it broke']],
    ['?order=desc', ['it broke', 'slow', 'read 3 rows', 'begun']],
    ['?stage=extract', ['read 3 rows', 'slow']],
    ['?level=warn', ['slow', 'it broke']],
    ['?error_type=STAGE_FAILED', ['it broke']],
    ['?text=READ', ['read 3 rows']],
    ['?attempt=2', ['it broke']],
    ['?stage=extract&level=warn&error_type=TIMEOUT&text=slow&attempt=1', ['slow']],
    ['?stage=load', []],
  ])('%s', async (query, expected) => {
    const { messages } = await opened()
    expect(await messages(`/pipelines/runs/r1/logs${query}`)).toEqual(expected)
  })

  test.each(['asc', 'desc'])('is read in pages, %s', async (order) => {
    const { get } = await opened()
    const all: unknown[] = []
    let pages = 0
    for (let next: unknown = ''; next !== null; pages += 1) {
      const cursor = next === '' ? '' : `&cursor=${next}`
      const { body } = await get(`/pipelines/runs/r1/logs?limit=2&order=${order}${cursor}`)
      all.push(...(body.lines as { message: string }[]).map(({ message }) => message))
      next = body.next
    }
    const expected = ['begun', 'read 3 rows', 'slow', 'it broke']
    expect([pages, all]).toEqual([2, order === 'asc' ? expected : expected.reverse()])
  })

  test('of a run that has said nothing, or whose lines have expired, is empty', async () => {
    const api = await opened()
    await api.run('silent')
    expect(await api.messages('/pipelines/runs/silent/logs')).toEqual([])
    api.ledger.keptSeconds.set('runlog-acme.r1', -1)
    const { body } = await api.get('/pipelines/runs/r1/logs')
    expect(body).toMatchObject({ lines: [], next: null, kept_since: '2025-12-03T03:04:05.678Z' })
  })

  test.each([
    ['limit=0', 'limit', 'limit: must be a whole number from 1 to 1000'],
    ['limit=1001', 'limit', 'limit: must be a whole number from 1 to 1000'],
    ['level=loud', 'level', 'level: must be one of debug, info, warn, error'],
    ['order=up', 'order', 'order: must be one of asc, desc'],
    ['follow=yes', 'follow', 'follow: must be one of true, false'],
    ['cursor=abc', 'cursor', 'cursor: must be `next` of the page before'],
    ['attempt=0', 'attempt', 'attempt: must be a whole number from 1 to 999999999'],
    ['text=', 'text', 'text: must not be empty'],
    ['kind=x', 'kind', 'kind: unknown field'],
    ['follow=true&limit=5', 'limit', 'limit: not together with follow'],
    ['follow=true&order=desc', 'order', 'order: not together with follow'],
  ])('400 for %s', async (query, field, detail) => {
    const { get } = await opened()
    const { status, body } = await get(`/pipelines/runs/r1/logs?${query}`)
    expect([status, body.field, body.detail]).toEqual([400, field, detail])
  })

  test('503 when the ledger does not answer', async () => {
    const { ledger, get } = await opened()
    ledger.isDown = true
    const { status, body } = await get('/pipelines/runs/r1/logs')
    expect([status, body.title]).toEqual([503, 'LEDGER_UNAVAILABLE'])
  })
})

describe('another tenant', () => {
  const tokens = {
    alice: identityOf('alice'),
    bob: identityOf('bob', { tenants: [otherTenant] }),
    mallory: identityOf('mallory', { roles: [] }),
  }
  const as = (token: keyof typeof tokens) => ({ authorization: `Bearer ${token}` })

  test.each(['', '?follow=true'])('has a run of the same id and sees its own lines only%s', async (query) => {
    const { app, commands, get, pump } = await openApi({ tokens, open: false })
    const body = JSON.stringify({ batch_id: 'b', run_id: 'r1' })
    const headers = { ...as('alice'), 'content-type': 'application/json', host: 'localhost' }
    await app.request('/api/pipeline/trigger/flights', { method: 'POST', body, headers })
    await pump.settled()
    await logLines(commands, 'r1', [lineAt(1, 'of acme')])
    await logLines(commands, 'r1', [lineAt(1, 'of the other')], { of: otherTenant })
    expect((await get('/pipelines/runs/r1/logs', as('alice'))).body.lines).toMatchObject([{ message: 'of acme' }])
    const foreign = await get(`/pipelines/runs/r1/logs${query}`, as('bob'))
    const unknown = await get(`/pipelines/runs/r9/logs${query}`, as('bob'))
    expect([foreign.status, foreign.body.title]).toEqual([404, 'RUN_NOT_FOUND'])
    expect({ ...foreign.body, run_id: '', detail: '', runId: '' }).toEqual({
      ...unknown.body,
      run_id: '',
      detail: '',
      runId: '',
    })
    expect((await get('/pipelines/logs', as('bob'))).body.lines).toEqual([])
  })

  test('and who has no role: 403', async () => {
    const { get } = await openApi({ tokens, open: false })
    expect((await get('/pipelines/runs/r1/logs', as('mallory'))).status).toBe(403)
    expect((await get('/pipelines/logs', as('mallory'))).status).toBe(403)
  })
})
