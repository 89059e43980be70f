import { describe, expect, test } from 'vitest'
import { nowMs, openApi } from '../support/api.ts'
import { lineAt, logLines } from '../support/logging.ts'
import * as c from '../support/run-commands.ts'

const at = (second: number) => new Date(nowMs + second * 1_000).toISOString()

interface Page {
  lines: { run_id: string; message: string }[]
  next: string | null
  stopped_early: boolean
}

const opened = async () => {
  const api = await openApi()
  await api.post('/api/pipeline/trigger/weather', { batch_id: 'w', run_id: 'w1' })
  await api.run('f1')
  await api.run('f2')
  for (const [index, run] of ['w1', 'f1', 'f2'].entries()) {
    await logLines(api.commands, run, [
      lineAt(0, `${run} begun`, { at: at(index * 100) }),
      lineAt(0, `${run} broke`, { at: at(50 + index * 100), level: 'error', stage: 'in', code: 'STAGE_FAILED' }),
    ])
  }
  const page = async (query = '') => {
    const { status, body } = await api.get(`/pipelines/logs${query}`)
    if (status !== 200) throw new Error(JSON.stringify(body))
    return body as unknown as Page
  }
  const messages = async (query?: string) => (await page(query)).lines.map(({ message }) => message)
  return { ...api, page, messages }
}

describe('GET /pipelines/logs', () => {
  test.each([
    ['', ['w1 begun', 'w1 broke', 'f2 begun', 'f2 broke', 'f1 begun', 'f1 broke']],
    ['?pipeline=flights', ['f2 begun', 'f2 broke', 'f1 begun', 'f1 broke']],
    ['?pipeline=unknown', []],
    ['?environment=dev&run_id=run_f1', ['f1 begun', 'f1 broke']],
    ['?environment=prod', []],
    ['?stage=in&level=error&error_type=STAGE_FAILED&text=F2', ['f2 broke']],
    ['?error_type=TIMEOUT', []],
    [`?from=${at(150)}`, ['f2 begun', 'f2 broke', 'f1 broke']],
    [`?to=${at(50)}`, ['w1 begun']],
  ])('%s: the newest run first, its lines in their order', async (query, expected) => {
    const { messages } = await opened()
    // All were asked for in one moment: then the id tells which is newer.
    expect(await messages(query)).toEqual(expected)
  })

  test('names the run of each line, and its pipeline', async () => {
    const { page } = await opened()
    expect((await page('?run_id=w1')).lines[1]).toEqual({
      run_id: 'w1',
      pipeline: 'weather',
      environment: 'dev',
      at: at(50),
      level: 'error',
      attempt: 1,
      stage: 'in',
      error_type: 'STAGE_FAILED',
      message: 'w1 broke',
      fields: {},
    })
  })

  test.each([1, 2, 3, 4, 5, 6])('is read in pages of %i', async (limit) => {
    const { page, messages } = await opened()
    const all: string[] = []
    let pages = 0
    for (let next: string | null = ''; next !== null; pages += 1) {
      const found: Page = await page(`?limit=${limit}${next && `&cursor=${next}`}`)
      all.push(...found.lines.map(({ message }) => message))
      expect(found.stopped_early).toBe(false)
      next = found.next
    }
    expect(all).toEqual(await messages())
    expect(pages).toBe(6 % limit === 0 ? 6 / limit : Math.ceil(6 / limit))
  })

  test('that looks at many runs stops early, says so, and goes on from there', async () => {
    const { page, run } = await opened()
    for (let index = 0; index < 205; index += 1) await run(`g${index}`)
    const first = await page('?text=f1%20broke')
    expect([first.lines, first.stopped_early]).toEqual([[], true])
    const second = await page(`?text=f1%20broke&cursor=${first.next}`)
    expect([second.lines.map(({ message }) => message), second.next]).toEqual([['f1 broke'], null])
  }, 30_000)

  test('that looks at many lines stops early within a run, and goes on there', async () => {
    const { page, commands } = await opened()
    for (let index = 0; index < 2_010; index += 1) await logLines(commands, 'w1', [lineAt(0, `tick ${index}`)])
    const first = await page('?run_id=w1&text=tick%202005')
    expect([first.lines, first.stopped_early]).toEqual([[], true])
    const second = await page(`?run_id=w1&text=tick%202005&cursor=${first.next}`)
    expect([second.lines.map(({ message }) => message), second.next]).toEqual([['tick 2005'], null])
  }, 30_000)

  test('does not look into runs that ended before lines are kept', async () => {
    const { page, ledger, services, run } = await opened()
    await run('old', c.cancelRun, c.confirmCancel())
    const lookedInto = async () => {
      ledger.reads.length = 0
      await page('?pipeline=flights')
      return ledger.reads
    }
    expect(await lookedInto()).toEqual(['runlog-acme.old', 'runlog-acme.f2', 'runlog-acme.f1'])
    services.nowMs = () => nowMs + 31 * 86_400_000
    expect(await lookedInto()).toEqual(['runlog-acme.f2', 'runlog-acme.f1'])
    services.nowMs = () => nowMs + 38 * 86_400_000
    expect(await lookedInto()).toEqual([])
  })

  test.each([
    ['cursor=abc', 'cursor', 'cursor: must be `next` of the page before'],
    ['environment=moon', 'environment', 'environment: must be one of dev, staging, prod'],
    ['run_id=a/b', 'run_id', 'run_id: must be 1 to 128 letters, digits, _ . -'],
    ['from=yesterday', 'from', 'from: must be a date or an ISO 8601 time'],
    ['limit=5000', 'limit', 'limit: must be a whole number from 1 to 1000'],
    ['follow=true', 'follow', 'follow: unknown field'],
  ])('400 for %s', async (query, field, detail) => {
    const { get } = await opened()
    const { status, body } = await get(`/pipelines/logs?${query}`)
    expect([status, body.field, body.detail]).toEqual([400, field, detail])
  })
})
