import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nestingOf } from '../../src/http/nesting.ts'
import { openApi } from '../support/api.ts'

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

test('the nesting of a JSON text is that of its value', () => {
  const anything = fc.jsonValue({ maxDepth: 9 })
  fc.assert(fc.property(anything, (value) => nestingOf(JSON.stringify(value)) === depthOf(value)))
})

test.each([
  ['{"a":"[[["}', 1],
  ['"\\"[[["', 0],
  ['[[[', 3],
  [']]][', 0],
  ['', 0],
])('%s is %d deep', (text, depth) => {
  expect(nestingOf(text)).toBe(depth)
})

test('400 for a body that is nested deeper than anybody writes, however deep', async () => {
  const { call } = await openApi()
  const nested = (depth: number) => `{"batch_id":"B","config":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`
  const trigger = (depth: number) => call('POST', '/api/pipeline/trigger/flights', { body: nested(depth) })
  expect((await trigger(62)).status).toBe(200)
  for (const depth of [63, 1_000, 500_000]) {
    const { status, body } = await trigger(depth)
    expect([status, body]).toEqual([
      400,
      {
        status: 'error',
        error: { code: 'VALIDATION_ERROR', message: 'body: nested deeper than 64 levels', details: { field: 'body' } },
      },
    ])
  }
})

test('400 for half of a character in a name or a value, with a key and without; 200 for a whole one', async () => {
  const { call } = await openApi()
  const trigger = async (config: string, headers: Record<string, string> = {}) =>
    (await call('POST', '/api/pipeline/trigger/flights', { body: `{"batch_id":"B","config":${config}}`, headers }))
      .status
  for (const config of ['{"a":"\\ud800"}', '{"\\udfff":1}', '{"a":[{"b":"x\\uDBFFy"}]}']) {
    expect(await trigger(config)).toBe(400)
    expect(await trigger(config, { 'idempotency-key': '"k"' })).toBe(400)
  }
  expect(await trigger('{"a":"\\ud83d\\udca9"}', { 'idempotency-key': '"k"' })).toBe(200)
})
