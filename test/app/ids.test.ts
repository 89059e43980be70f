import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { derivedCommandId, freshCommandId, pipelineIdOf, uuidv5, uuidv7 } from '../../src/app/ids.ts'
import { otherTenant, tenant } from '../support/ids.ts'

const shape = (version: number) =>
  new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
const parts = fc.array(fc.string({ unit: 'grapheme', maxLength: 6 }), { maxLength: 5 })

describe('a UUIDv5', () => {
  test('is the same for the same parts, and has the form of RFC 9562', () => {
    fc.assert(
      fc.property(parts, (list) => {
        expect(uuidv5(...list)).toBe(uuidv5(...[...list]))
        expect(uuidv5(...list)).toMatch(shape(5))
      }),
    )
  })

  test('is another one for other parts, however they are cut', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        expect(uuidv5(...a) === uuidv5(...b)).toBe(JSON.stringify(a) === JSON.stringify(b))
      }),
    )
    const cuts = [
      ['a', 'b', 'c'],
      ['ab', 'c'],
      ['a', 'bc'],
      ['abc'],
      ['1:a', ''],
      ['', '1:a'],
      ['a', '1:b'],
      ['', 'a'],
      ['a', ''],
    ]
    expect(new Set(cuts.map((cut) => uuidv5(...cut))).size).toBe(cuts.length)
  })

  test('never changes: ids that are in a ledger must be found again', () => {
    expect(uuidv5('pipeline', 'default', 'flights-daily')).toBe('55f142a8-b738-5482-86a8-80eb4ea222e1')
    expect(pipelineIdOf(tenant, 'flights')).toBe('401afe51-0ee1-51a3-8ebe-429f3707b845')
    expect(derivedCommandId('a', 1)).toBe('1ac862b8-e521-544c-a18d-24acd94b7f7d')
  })

  test('of a pipeline tells tenants and slugs apart', () => {
    const ids = [pipelineIdOf(tenant, 'a'), pipelineIdOf(otherTenant, 'a'), pipelineIdOf(tenant, 'b')]
    expect(new Set(ids).size).toBe(3)
  })
})

describe('a UUIDv7', () => {
  test('sorts by time, as text', () => {
    const times = [0, 1, 255, 256, 65_535, 1_767_225_600_000, 1_767_225_600_001, 2 ** 47]
    const ids = times.map((nowMs) => uuidv7(nowMs))
    expect([...ids].sort()).toEqual(ids)
  })

  test('has the form of RFC 9562, with the time in front', () => {
    expect(uuidv7(0x0123_4567_89ab)).toMatch(/^01234567-89ab-/)
    expect(uuidv7(Date.now())).toMatch(shape(7))
    expect(freshCommandId(Date.now())).toMatch(shape(7))
  })

  test('is drawn: no two of one millisecond are the same', () => {
    const ids = new Set(Array.from({ length: 1_000 }, () => uuidv7(1)))
    expect(ids.size).toBe(1_000)
  })
})
