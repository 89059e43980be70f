import { expect, test } from 'vitest'
import { canonicalJson } from '../../src/domain/canonical-json.ts'
import { encode } from '../../src/ledger/codec.ts'
import { wellFormed } from '../../src/ledger/well-formed.ts'
import { newEvent } from '../support/events.ts'
import { runOf } from '../support/ids.ts'

const half = '😀'.slice(0, 1)

test('halves of surrogate pairs become U+FFFD, wherever they are', () => {
  expect(wellFormed({ [`a${half}`]: [half, { b: `x${half}y` }, 1, null] })).toEqual({
    'a\ufffd': ['\ufffd', { b: 'x\ufffdy' }, 1, null],
  })
})

test('what is well formed stays the very same', () => {
  for (const value of ['😀', '\\ud83d', { a: ['ü', 1.5, false] }]) {
    expect(wellFormed(value)).toEqual(value)
  }
})

test('an event whose text was cut in the middle of a character can be hashed for evidence', () => {
  const error = { code: 'STAGE_FAILED', message: `no such file 😀${half}` }
  const { data } = encode(newEvent({ type: 'RunFailed', data: { runId: runOf('r1'), stage: null, error } }))
  const stored = JSON.parse(JSON.stringify(data))
  expect(stored.error.message).toBe('no such file 😀\ufffd')
  expect(() => canonicalJson(stored)).not.toThrow()
})
