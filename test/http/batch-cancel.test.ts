import { describe, expect, test } from 'vitest'
import { openApi } from '../support/api.ts'
import * as c from '../support/run-commands.ts'

const cancel = '/api/pipeline/cancel'
const staged = [c.startRun(1), ...['extract', 'load'].flatMap((stage) => [c.startStage(stage), c.completeStage(stage)])]

describe('POST /api/pipeline/cancel/{run_id}', () => {
  test('200 answers exactly as documented', async () => {
    const { run, post, ledger } = await openApi()
    await run('r', c.startRun(1))
    const { status, body } = await post(`${cancel}/run_r`)
    expect([status, body]).toEqual([
      200,
      { run_id: 'run_r', status: 'CANCELING', message: 'Pipeline cancellation requested' },
    ])
    expect(ledger.all.at(-1)).toMatchObject({ type: 'RunCancelRequested', metadata: { dialect: 'batch' } })
  })

  test('200 again and again while it is being canceled', async () => {
    const { run, post, ledger } = await openApi()
    await run('r', c.startRun(1))
    await post(`${cancel}/run_r`)
    const before = ledger.all.length
    expect((await post(`${cancel}/r`)).body).toMatchObject({ run_id: 'run_r', status: 'CANCELING' })
    expect(ledger.all).toHaveLength(before)
  })

  test('200 with a body that means nothing, or with none', async () => {
    const { run, post, call } = await openApi()
    await run('r', c.startRun(1))
    expect((await call('POST', `${cancel}/run_r`)).status).toBe(200)
    expect((await post(`${cancel}/run_r`, {})).status).toBe(200)
  })

  test('404 for a run that is not there, as documented', async () => {
    const { post } = await openApi()
    for (const id of ['run_invalid', 'invalid']) {
      const { status, body } = await post(`${cancel}/${id}`)
      expect([status, body]).toEqual([
        404,
        { status: 'error', error: { code: 'RUN_NOT_FOUND', message: "Pipeline run 'run_invalid' not found" } },
      ])
    }
  })

  test.each([
    ['has succeeded', [...staged, c.commitOutputs(), c.succeedRun()]],
    ['has failed', [c.startRun(1), c.failRun({ retryable: false })]],
    ['was canceled', [c.cancelRun]],
  ])('409 RUN_NOT_ACTIVE for a run that %s', async (_, said) => {
    const { run, post } = await openApi()
    await run('r', ...said)
    const { status, body } = await post(`${cancel}/run_r`)
    expect([status, body]).toMatchObject([
      409,
      { status: 'error', error: { code: 'RUN_NOT_ACTIVE', message: expect.any(String) } },
    ])
  })

  test('409 after the commit', async () => {
    const { run, post } = await openApi()
    await run('r', ...staged, c.commitOutputs())
    const { status, body } = await post(`${cancel}/run_r`)
    expect([status, body.error]).toMatchObject([409, { code: 'RUN_COMMITTED' }])
  })
})
