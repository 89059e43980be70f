import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { spreadOf } from '../../src/http/dialects/governance/observe/figures.ts'

describe('percentiles', () => {
  test('of a hundred values are the values themselves', () => {
    const values = Array.from({ length: 100 }, (_, index) => (100 - index) * 1_000)
    expect(spreadOf(values)).toEqual({ count: 100, mean: 50.5, p50: 50, p90: 90, p95: 95, p99: 99, max: 100 })
  })

  test('of one value are that value, and of none there are none', () => {
    expect(spreadOf([1_500])).toEqual({ count: 1, mean: 1.5, p50: 1.5, p90: 1.5, p95: 1.5, p99: 1.5, max: 1.5 })
    expect(spreadOf([])).toBeNull()
  })

  test('are the least value that so many are not above', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { minLength: 1, maxLength: 300 }), (values) => {
        const spread = spreadOf(values)
        const least = (percent: number) =>
          Math.min(
            ...values.filter((each) => values.filter((other) => other <= each).length * 100 >= percent * values.length),
          ) / 1_000
        expect([spread?.p50, spread?.p90, spread?.p95, spread?.p99, spread?.max]).toEqual(
          [50, 90, 95, 99, 100].map(least),
        )
      }),
    )
  })
})
