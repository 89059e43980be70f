import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../../src/domain/json.ts'
import { changesBetween } from '../../src/domain/pipeline/diff.ts'
import { mergePatch } from '../../src/domain/pipeline/merge-patch.ts'

/** The table of RFC 7396, appendix A: target, patch, result. */
const cases: [JsonValue, JsonValue, JsonValue][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
]

describe('a merge patch', () => {
  test.each(cases)('on %j, %j makes %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result)
  })

  test('leaves what it is put on as it was, and put on twice is as put on once', () => {
    const json = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue({ maxDepth: 2 })) as fc.Arbitrary<{
      [key: string]: JsonValue
    }>
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const before = JSON.stringify(target)
        const once = mergePatch(target, patch)
        expect(JSON.stringify(target)).toBe(before)
        expect(mergePatch(once, patch)).toEqual(once)
      }),
    )
  })
})

describe('what differs between two manifests', () => {
  test('is told by where it is, and nothing else is', () => {
    const before = { name: 'x', sinks: { 'a/b': { path: 'p' } }, list: [1], gone: true }
    const after = { name: 'x', sinks: { 'a/b': { path: 'q' } }, list: [1, 2], more: null }
    expect(changesBetween(before, after)).toEqual([
      { path: '/gone', op: 'remove', before: true },
      { path: '/list', op: 'replace', before: [1], after: [1, 2] },
      { path: '/more', op: 'add', after: null },
      { path: '/sinks/a~1b/path', op: 'replace', before: 'p', after: 'q' },
    ])
    expect(changesBetween(before, { ...before })).toEqual([])
  })
})
