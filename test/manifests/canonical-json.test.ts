import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../src/domain/canonical-json.ts'
import type { JsonValue } from '../../src/domain/json.ts'

/** Through text once, because JSON writes -0 as 0. */
const json = fc
  .jsonValue({ maxDepth: 4, stringUnit: 'binary' })
  .map((value): JsonValue => JSON.parse(JSON.stringify(value)))

const reversed = (value: JsonValue): JsonValue => {
  if (Array.isArray(value)) return value.map(reversed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  )
}

describe('the canonical JSON of a value (RFC 8785)', () => {
  test('reads back as the value', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(value)
      }),
    )
  })

  test('does not depend on the order of keys', () => {
    fc.assert(fc.property(json, (value) => canonicalJson(reversed(value)) === canonicalJson(value)))
  })

  test('has no spaces between its tokens', () => {
    expect(canonicalJson({ a: [1, { b: null }], c: true })).toBe('{"a":[1,{"b":null}],"c":true}')
  })

  test.each([
    [333333333.3333333, '333333333.3333333'],
    [1e30, '1e+30'],
    [4.5, '4.5'],
    [2e-3, '0.002'],
    [0.000000000000000000000000001, '1e-27'],
    [-0, '0'],
    [1e21, '1e+21'],
    [123456789012345680000, '123456789012345680000'],
    [5e-324, '5e-324'],
  ])('writes the number %d as ECMAScript does', (number, text) => {
    expect(canonicalJson(number)).toBe(text)
  })

  test('orders keys by UTF-16 code units, so that an emoji goes before U+FB33', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6']
    const value = Object.fromEntries(keys.map((key) => [key, 0]))
    expect(canonicalJson(value)).toBe('{"\\r":0,"1":0,"\u0080":0,"\u00f6":0,"\u20ac":0,"\ud83d\ude00":0,"\ufb33":0}')
    expect(canonicalJson({ b: 0, a: 0, B: 0, aa: 0 })).toBe('{"B":0,"a":0,"aa":0,"b":0}')
  })

  test('escapes what must be escaped, in short form where there is one, and nothing else', () => {
    expect(canonicalJson('\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/\u007f')).toBe(
      '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f"',
    )
  })

  test('refuses half of a surrogate pair, in a text and in a key', () => {
    expect(() => canonicalJson('\ud800')).toThrow(RangeError)
    expect(() => canonicalJson({ 'a\udc00': 1 })).toThrow(RangeError)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', (number) => {
    expect(() => canonicalJson([number])).toThrow(RangeError)
  })
})
