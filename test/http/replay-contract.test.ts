import { expect, test } from 'vitest'
import { as, opened } from '../support/replays-api.ts'

test('a replay keeps to another version of its contract, where readers of the first can read it too', async () => {
  const { post, replay, requestOf } = await opened({ approvalRules: [] })
  const rows = (...names: string[]) => ({
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    required: ['a'],
  })
  const versions = { v2: rows('a', 'b'), v3: rows('a', 'b', 'c'), v4: { ...rows('a'), required: [] } }
  for (const [version, schema] of Object.entries(versions)) {
    const body = { name: 'promises', version, schema, compatibility: 'none' }
    expect((await post('/pipelines/contracts', body, as('devi'))).status).toBe(201)
  }
  const as3 = { run_id: 'promised', partition: 'B-promised', contract_version: 'v3', replay_run_id: 'x' }
  expect((await replay({ ...as3, contract_version: 'v4' })).body).toMatchObject({
    title: 'VALIDATION_FAILED',
    detail: expect.stringContaining('contract_version: readers of v2 could not read v4: /'),
  })
  expect((await replay(as3)).body).toMatchObject({ run_id: 'x', contract_version: 'v3' })
  expect(requestOf('x').replayOf).toEqual({ runId: 'promised', contract: 'v3' })
})
