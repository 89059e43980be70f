import { expect, test } from 'vitest'
import { featureNames } from '../../../src/engines/local/scoring/features.ts'
import type { Row } from '../../../src/engines/local/step.ts'
import { failureOf, newWorld, pathOf } from './world.ts'

const party = (id: string): Row => ({
  party_id: id,
  birth_year: 1983,
  customer_since: '2023-10-02',
  monthly_income_cents: 100_000,
  credit_limit_cents: 50_000,
  as_of: '2023-12-31',
})
const transaction = (day: string, kind: string, amount: number, balance: number, daysLate = 0): Row => ({
  party_id: 'a',
  day,
  kind,
  amount_cents: amount,
  balance_cents: balance,
  days_late: daysLate,
})

const worldWith = (transactions: Row[], parties = [party('a')]) => {
  const world = newWorld()
  world.tables.set(pathOf('parties.parquet'), parties)
  world.tables.set(pathOf('transactions.parquet'), transactions)
  return world
}

test('each party gets a row of exactly sixteen finite numbers', async () => {
  const world = newWorld()
  await world.run('ingest', 'BATCH_001', { parties: 30 })
  expect((await world.run('features')).output).toEqual({ features_extracted: 480 })
  const rows = world.table(pathOf('features.parquet'))
  expect(rows).toHaveLength(30)
  for (const row of rows) {
    const { party_id, ...numbers } = row
    expect(typeof party_id).toBe('string')
    expect(Object.keys(numbers)).toEqual(featureNames)
    expect(featureNames).toHaveLength(16)
    for (const value of Object.values(numbers)) expect(Number.isFinite(value)).toBe(true)
  }
})

test('features are what a hand computes', async () => {
  const world = worldWith([
    transaction('2023-11-30', 'income', 999_999, 999_999),
    transaction('2023-12-04', 'income', 90_000, 110_000),
    transaction('2023-12-06', 'purchase', -25_000, 85_000),
    transaction('2023-12-06', 'purchase', -35_000, 50_000),
    transaction('2023-12-10', 'repayment', -20_000, 30_000, 0),
    transaction('2023-12-11', 'cash', -40_000, -10_000),
    transaction('2023-12-11', 'fee', -1_000, -11_000),
    transaction('2023-12-21', 'income', 110_000, 99_000),
    transaction('2023-12-22', 'repayment', -20_000, 79_000, 8),
  ])
  await world.run('features', 'BATCH_001', { observation_window_days: 30 })
  expect(world.table(pathOf('features.parquet'))).toEqual([
    {
      party_id: 'a',
      age_years: 40,
      customer_months: 3,
      transactions_per_month: 8,
      income_per_month: 2000,
      income_variation: 0.141421,
      income_gap_days: 17,
      spending_to_income: 0.5,
      cash_share: 0.333333,
      late_share: 0.5,
      days_late_mean: 4,
      days_late_max: 8,
      fees_per_month: 1,
      balance_mean_to_income: 0.54,
      balance_min_to_income: -0.11,
      negative_balance_share: 0.25,
      limit_use: 0.22,
    },
  ])
})

test('a party without transactions has features too', async () => {
  const world = worldWith([], [party('a'), party('b')])
  await world.run('features', 'BATCH_001', { observation_window_days: 30 })
  const [row] = world.table(pathOf('features.parquet'))
  expect(row).toMatchObject({ transactions_per_month: 0, income_gap_days: 30, balance_min_to_income: 0, limit_use: 0 })
})

test('another window gives other features', async () => {
  const world = newWorld()
  await world.run('ingest')
  const half = await world.run('features', 'BATCH_001', { observation_window_days: 180 })
  const quarter = await world.run('features', 'BATCH_001', { observation_window_days: 90 })
  expect(half.tables).not.toEqual(quarter.tables)
  expect(await world.run('features')).toEqual(half)
})

test('a batch that was not ingested is not found', async () => {
  expect(await failureOf(newWorld().run('features', 'BATCH_404'))).toBe('Batch not found')
})

test('a column of the wrong type is named', async () => {
  const world = worldWith([{ ...transaction('2023-12-04', 'income', 1, 1), amount_cents: 'one' }])
  const path = pathOf('transactions.parquet')
  expect(await failureOf(world.run('features'))).toBe(`${path}: column 'amount_cents' must hold numbers`)
})
