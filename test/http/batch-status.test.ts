import { describe, expect, test } from 'vitest'
import type { RunCommand } from '../../src/domain/run/commands.ts'
import { openApi } from '../support/api.ts'
import * as c from '../support/run-commands.ts'

/** The keys of the document's examples. */
const runKeys = ['assets', 'batch_id', 'duration_seconds', 'ended_at', 'pipeline', 'run_id', 'started_at', 'status']
const assetKeys = ['ended_at', 'output', 'started_at', 'status']

const started = [c.startRun(1)]
const atStage = [...started, c.startStage('extract')]
const half = [...atStage, c.completeStage('extract', 1, { output: { parties_created: 100 } })]
const staged = [...half, c.startStage('load'), c.completeStage('load')]
const done = [...staged, c.commitOutputs(), c.succeedRun()]
const failed = [
  ...atStage,
  c.failRun({ retryable: false, error: { code: 'STAGE_FAILED', message: 'Batch not found' } }),
]

const statusAfter = async (...said: RunCommand[]) => {
  const api = await openApi({ orchestration: { retries: 1 } })
  await api.run('r', ...said)
  return api.get('/api/pipeline/status/run_r')
}
const assetsOf = (body: Record<string, unknown>) => body.assets as Record<string, Record<string, unknown>>

describe('GET /api/pipeline/status/{run_id}', () => {
  test('200 of a run that has succeeded answers exactly as documented', async () => {
    const { status, body } = await statusAfter(...done)
    expect(status).toBe(200)
    expect(Object.keys(body).sort()).toEqual(runKeys)
    expect(body).toEqual({
      run_id: 'run_r',
      pipeline: 'flights',
      status: 'SUCCESS',
      batch_id: 'B-r',
      started_at: '2026-01-02T03:04:05Z',
      ended_at: '2026-01-02T03:05:05Z',
      duration_seconds: 60,
      assets: {
        extract: {
          status: 'SUCCESS',
          started_at: '2026-01-02T03:05:05Z',
          ended_at: '2026-01-02T03:05:05Z',
          output: { parties_created: 100 },
        },
        load: expect.objectContaining({ status: 'SUCCESS', output: { rows: 3 } }),
      },
    })
    for (const asset of Object.values(assetsOf(body))) expect(Object.keys(asset).sort()).toEqual(assetKeys)
  })

  test('200 of a run that has failed has an error besides, in the words of the document', async () => {
    const { status, body } = await statusAfter(...failed)
    expect(status).toBe(200)
    expect(Object.keys(body).sort()).toEqual([...runKeys, 'error'].sort())
    expect(body).toMatchObject({
      status: 'FAILURE',
      error: {
        code: 'PIPELINE_FAILED',
        message: 'Pipeline execution failed',
        details: { failed_asset: 'extract', error: 'Batch not found' },
      },
    })
    expect(assetsOf(body).extract).toMatchObject({ status: 'FAILURE', output: null })
  })

  test.each([
    ['QUEUED', []],
    ['QUEUED', [...atStage, c.failRun()]],
    ['STARTED', started],
    ['STARTED', half],
    ['STARTED', [...atStage, c.pauseRun]],
    ['STARTED', [...atStage, c.cancelRun]],
    ['CANCELED', [...atStage, c.cancelRun, c.confirmCancel()]],
    ['CANCELED', [c.cancelRun]],
  ] as [string, RunCommand[]][])('200 shows %s, with the documented keys', async (shown, said) => {
    const { body } = await statusAfter(...said)
    expect(body.status).toBe(shown)
    expect(Object.keys(body).sort()).toEqual(runKeys)
    const hasEnded = shown === 'CANCELED'
    expect([body.ended_at === null, body.duration_seconds === null]).toEqual([!hasEnded, !hasEnded])
  })

  test('200 shows of a run in progress which asset has come how far', async () => {
    const { body } = await statusAfter(...half, c.startStage('load'))
    expect(
      Object.entries(assetsOf(body)).map(([name, asset]) => [name, asset.status, asset.ended_at === null]),
    ).toEqual([
      ['extract', 'SUCCESS', false],
      ['load', 'STARTED', true],
    ])
    const { body: waiting } = await statusAfter()
    expect(assetsOf(waiting).extract).toEqual({ status: 'QUEUED', started_at: null, ended_at: null, output: null })
  })

  test('200 finds the run with its prefix and without: they are one id', async () => {
    const { run, get } = await openApi()
    await run('r')
    const [long, short] = [await get('/api/pipeline/status/run_r'), await get('/api/pipeline/status/r')]
    expect(short.body).toEqual(long.body)
    expect(short.status).toBe(200)
  })

  test.each(['run_invalid', 'invalid', 'run_', 'no%20id', 'a%2Fb', 'x'.repeat(200)])('404 for %s', async (id) => {
    const { get } = await openApi()
    const { status, body } = await get(`/api/pipeline/status/${id}`)
    const shown = `run_${decodeURIComponent(id).replace(/^run_/, '')}`
    expect([status, body]).toEqual([
      404,
      { status: 'error', error: { code: 'RUN_NOT_FOUND', message: `Pipeline run '${shown}' not found` } },
    ])
  })
})
