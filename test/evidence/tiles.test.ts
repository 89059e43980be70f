import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { entryBundle, parseTilePath, tilePath, widthOf } from '../../src/evidence/tiles.ts'

describe('the path of a tile', () => {
  test.each([
    [{ level: 0, index: 1_234_067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 1, index: 999, width: 17 }, 'tile/1/999.p/17'],
    [{ level: 63, index: 1000, width: 255 }, 'tile/63/x001/000.p/255'],
    [{ level: 'entries' as const, index: 273, width: 112 }, 'tile/entries/273.p/112'],
  ])('of %o is %s, and reads back', (tile, path) => {
    expect(tilePath(tile)).toBe(path)
    expect(parseTilePath(path)).toEqual(tile)
  })

  test('reads back for every tile', () => {
    const level = fc.oneof(fc.constant('entries' as const), fc.nat({ max: 63 }))
    const tiles = fc.record({ level, index: fc.nat({ max: 10 ** 14 }), width: fc.integer({ min: 1, max: 256 }) })
    fc.assert(
      fc.property(tiles, (tile) => {
        expect(parseTilePath(tilePath(tile))).toEqual(tile)
      }),
    )
  })

  test.each([
    'tile/64/000',
    'tile/00/000',
    'tile/0/0',
    'tile/0/1234',
    'tile/0/x000/001',
    'tile/0/001/067',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/-1/000',
    '/tile/0/000',
    'tile/entries/000/',
    'tile/data/000',
  ])('is not %s', (path) => {
    expect(parseTilePath(path)).toBeUndefined()
  })
})

describe('the width of a tile', () => {
  test('of a tree of 70,000 leaves is that of the example in the standard', () => {
    expect([272, 273, 274].map((index) => widthOf(70_000, 0, index))).toEqual([256, 112, 0])
    expect([0, 1, 2].map((index) => widthOf(70_000, 1, index))).toEqual([256, 17, 0])
    expect([0, 1].map((index) => widthOf(70_000, 2, index))).toEqual([1, 0])
    expect(widthOf(70_000, 'entries', 273)).toBe(112)
    expect([widthOf(256, 0, 0), widthOf(256, 1, 0), widthOf(255, 1, 0)]).toEqual([256, 1, 0])
  })
})

describe('a bundle of entries', () => {
  test('has each leaf after its length', () => {
    expect(entryBundle([Buffer.from('ab'), Buffer.alloc(0)])).toEqual(Buffer.from([0, 2, 97, 98, 0, 0]))
  })

  test('refuses a leaf of more than 65,535 bytes', () => {
    expect(entryBundle([Buffer.alloc(65_535)])).toHaveLength(65_537)
    expect(() => entryBundle([Buffer.alloc(65_536)])).toThrow('an entry of 65536 bytes, at most 65535')
  })
})
