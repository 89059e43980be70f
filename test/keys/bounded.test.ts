import { expect, test } from 'vitest'
import { Bounded } from '../../src/keys/bounded.ts'

const held = (map: Bounded<number>, names: string) => [...names].filter((name) => map.get(name) !== undefined).join('')

test('it never holds more than it may, and at least the half that was set last', () => {
  const map = new Bounded<number>(10)
  const names = Array.from({ length: 100 }, (_, number) => `${number}`)
  for (const [number, name] of names.entries()) {
    map.set(name, number)
    expect(names.filter((each) => map.get(each) !== undefined).length).toBeLessThanOrEqual(10)
    for (const recent of names.slice(Math.max(0, number - 4), number + 1)) expect(map.get(recent)).toBe(Number(recent))
  }
})

test('what is set again stays, with its newest value; what is deleted is gone', () => {
  const map = new Bounded<number>(4)
  for (const [index, name] of [...'abcade'].entries()) map.set(name, index)
  expect(held(map, 'abcde')).toBe('acde')
  expect(map.get('a')).toBe(3)
  map.delete('a')
  map.delete('e')
  expect(held(map, 'abcde')).toBe('cd')
})

test('two turns forget everything', () => {
  const map = new Bounded<number>(4)
  map.set('a', 1)
  map.turn()
  map.set('b', 2)
  map.turn()
  expect(held(map, 'ab')).toBe('b')
  map.turn()
  expect(held(map, 'ab')).toBe('')
})

test('what matches is deleted, however long ago it was set', () => {
  const map = new Bounded<number>(4)
  for (const [index, name] of [...'abcd'].entries()) map.set(name, index)
  map.deleteWhere((name, value) => name === 'a' || value === 3)
  expect(held(map, 'abcd')).toBe('bc')
})
