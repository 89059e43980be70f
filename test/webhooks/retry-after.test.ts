import fc from 'fast-check'
import { expect, test } from 'vitest'
import { retryAfterOf } from '../../src/webhooks/retry-after.ts'

const nowMs = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT')
const dayMs = 86_400_000

test.each([
  ['0', 0],
  ['120', 120_000],
  [' 5 ', 5_000],
  ['007', 7_000],
  ['86401', dayMs],
  ['9'.repeat(400), dayMs],
  ['Wed, 21 Oct 2026 07:30:00 GMT', 120_000],
  ['Wed, 21 Oct 2026 07:00:00 GMT', 0],
  ['Thu, 01 Jan 2099 00:00:00 GMT', dayMs],
])('%s asks for %d ms', (header, waitMs) => expect(retryAfterOf(header, nowMs)).toBe(waitMs))

test.each([
  undefined,
  '',
  'soon',
  '-1',
  '1.5',
  '1e3',
  '5s',
  '0x10',
  '2026-10-21T07:30:00Z',
  'Wed, 99 Foo 2026 07:30:00 GMT',
])('%s asks for nothing', (header) => expect(retryAfterOf(header, nowMs)).toBeNull())

test('any date within a day is told to the second', () => {
  const isTold = fc.property(fc.nat(86_400), (seconds) => {
    expect(retryAfterOf(new Date(nowMs + seconds * 1_000).toUTCString(), nowMs)).toBe(seconds * 1_000)
  })
  fc.assert(isTold)
})
