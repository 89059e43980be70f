import { expect, test } from 'vitest'
import { doAllDue } from '../../src/processes/rounds.ts'

/** Views that hand out `most` at a time of what is left, and see what was done when they are waited for. */
const views = (count: number, most: number, isLate = false) => {
  const [acted, seen, waited] = [[] as number[], new Set<number>(), [] as bigint[]]
  const rounds = () =>
    doAllDue({
      due: () =>
        Array.from({ length: count }, (_, index) => index)
          .filter((due) => !seen.has(due))
          .slice(0, most),
      keyOf: String,
      act: async (due) => {
        acted.push(due)
        return BigInt(due)
      },
      viewsReach: async (position) => {
        waited.push(position)
        if (!isLate) for (const each of acted) seen.add(each)
        return !isLate
      },
    })
  return { acted, waited, rounds }
}

test('all that is due is done once, and the views are waited for after each round', async () => {
  const { acted, waited, rounds } = views(7, 3)
  await rounds()
  expect(acted).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(waited).toEqual([2n, 5n, 6n])
})

test('where nothing is due nobody waits', async () => {
  const { waited, rounds } = views(0, 3)
  await rounds()
  expect(waited).toEqual([])
})

test('a round that brings nothing new is the last, though the views still say that it is due', async () => {
  const { acted, rounds } = views(7, 3, true)
  await rounds()
  expect(acted).toEqual([0, 1, 2])
})
