import { expect, test } from 'vitest'
import { isPseudonym } from '../../src/domain/sealed.ts'
import { base32, drawPseudonym } from '../../src/keys/pseudonyms.ts'

test.each([
  ['', ''],
  ['f', 'my'],
  ['fo', 'mzxq'],
  ['foo', 'mzxw6'],
  ['foob', 'mzxw6yq'],
  ['fooba', 'mzxw6ytb'],
  ['foobar', 'mzxw6ytboi'],
])('base32 of %j is %j (RFC 4648 §10)', (text, encoded) => {
  expect(base32(Buffer.from(text))).toBe(encoded)
})

test('every pseudonym has the form, and none comes twice', () => {
  const drawn = Array.from({ length: 1_000 }, drawPseudonym)
  expect(drawn.every(isPseudonym)).toBe(true)
  expect(new Set(drawn).size).toBe(1_000)
})
