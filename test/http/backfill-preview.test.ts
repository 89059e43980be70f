import { expect, test } from 'vitest'
import { manifestOf } from '../support/manifests.ts'
import { observedApi } from '../support/observed-api.ts'
import { register } from '../support/requests.ts'

const preview = { pipeline: 'flights', partitions: ['d1', 'd2', 'd3', 'd4', 'd5'], max_concurrency: 2, dry_run: true }

test('a preview says what has succeeded, how long it would take and what it would cost, from runs before', async () => {
  const { post, ran, ledger } = await observedApi()
  await ran('d1', { hoursAgo: 5, seconds: 10 })
  await ran('d2', { hoursAgo: 4, seconds: 20 })
  await ran('d3', { hoursAgo: 3, seconds: 900, fails: 'STAGE_FAILED' })
  const before = ledger.all.length
  const { status, body } = await post('/pipelines/backfills', preview)
  expect([status, body]).toEqual([
    200,
    expect.objectContaining({
      backfill_id: null,
      status: 'awaiting_approval',
      partitions: ['d3', 'd4', 'd5'],
      skipped: ['d1', 'd2'],
      estimate: {
        seconds_per_run: 15,
        seconds: 30,
        usd_per_run: 0.6,
        usd: 1.8,
        based_on: '2 of the newest runs that have succeeded',
      },
    }),
  ])
  expect(ledger.all.length).toBe(before)
})

test('a preview without any history estimates nothing', async () => {
  const { post } = await observedApi()
  const { body } = await post('/pipelines/backfills', preview)
  expect(body).toMatchObject({ estimate: null, downstream: { pipelines: [], datasets: 0, truncated: false } })
})

test('a preview names the pipelines that are fed by what it would write again, however far away', async () => {
  const { commands, post, ran } = await observedApi()
  for (const name of ['delays', 'report', 'other']) await register(commands, manifestOf({ name }), name)
  const x = (name: string) => [`file://x|${name}`]
  await ran('r1', { hoursAgo: 6, inputs: x('raw'), outputs: x('routes') })
  await ran('r2', { hoursAgo: 5, pipeline: 'delays', inputs: x('routes'), outputs: x('delays') })
  await ran('r3', { hoursAgo: 4, pipeline: 'report', inputs: x('delays'), outputs: x('report') })
  await ran('r4', { hoursAgo: 3, pipeline: 'other', inputs: x('raw'), outputs: x('other') })
  const { body } = await post('/pipelines/backfills', preview)
  expect(body.downstream).toEqual({
    pipelines: [
      { pipeline: 'delays', depth: 1 },
      { pipeline: 'report', depth: 2 },
    ],
    datasets: 2,
    truncated: false,
  })
})
