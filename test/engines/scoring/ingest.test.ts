import { expect, test } from 'vitest'
import { failureOf, newWorld, pathOf } from './world.ts'

test('a batch holds 100 parties unless told otherwise', async () => {
  const world = newWorld()
  const result = await world.run('ingest')
  expect(result.output).toEqual({ parties_created: 100 })
  expect(world.table(pathOf('parties.parquet'))).toHaveLength(100)
  expect((await world.run('ingest', 'BATCH_001', { parties: 7 })).output).toEqual({ parties_created: 7 })
})

test('the same batch id gives the same data, whenever it is asked for', async () => {
  const [first, second] = [newWorld(), newWorld()]
  const one = await first.run('ingest')
  const two = await second.run('ingest', 'BATCH_001', {}, '2031-12-31T23:59:59.000Z')
  expect(JSON.stringify(one)).toBe(JSON.stringify(two))
})

test('another batch id gives other data', async () => {
  const world = newWorld()
  const one = await world.run('ingest', 'BATCH_001')
  const two = await world.run('ingest', 'BATCH_002')
  const incomes = (result: typeof one) => result.tables[0]?.rows.map((row) => row.monthly_income_cents)
  expect(incomes(one)).not.toEqual(incomes(two))
})

test('a smaller batch is the beginning of a larger one', async () => {
  const [small, large] = [newWorld(), newWorld()]
  await small.run('ingest', 'BATCH_001', { parties: 5 })
  await large.run('ingest', 'BATCH_001', { parties: 9 })
  const path = pathOf('parties.parquet')
  expect(small.table(path)).toEqual(large.table(path).slice(0, 5))
})

test('a balance is what the transactions before it leave, and never beyond the credit limit by more than fees', async () => {
  const world = newWorld()
  await world.run('ingest')
  const limits = new Map(world.table(pathOf('parties.parquet')).map((row) => [row.party_id, row.credit_limit_cents]))
  let previous: { party: unknown; balance: number; day: string } | undefined
  for (const row of world.table(pathOf('transactions.parquet'))) {
    const [amount, balance, day] = [Number(row.amount_cents), Number(row.balance_cents), String(row.day)]
    if (previous !== undefined && previous.party === row.party_id) {
      expect(balance).toBe(previous.balance + amount)
      expect(day >= previous.day).toBe(true)
    }
    expect(day).toMatch(/^2023-\d\d-\d\d$/)
    expect(balance).toBeGreaterThanOrEqual(-Number(limits.get(row.party_id ?? '')) - 12 * 1500)
    previous = { party: row.party_id, balance, day }
  }
})

test('latent traits are in no column', async () => {
  const world = newWorld()
  for (const step of ['ingest', 'features', 'score', 'label'] as const) await world.run(step)
  const columns = [...world.tables.values()].flatMap((rows) => Object.keys(rows[0] ?? {}))
  for (const trait of ['strain', 'discipline', 'stability']) expect(columns).not.toContain(trait)
})

test('a number of parties that is none is refused by its name', async () => {
  const message = "Parameter 'parties' must be an integer from 1 to 100000"
  for (const parties of ['many', 0, 1.5, 100_001, true]) {
    expect(await failureOf(newWorld().run('ingest', 'BATCH_001', { parties }))).toBe(message)
  }
})

test('a batch id that would leave its folder is refused', async () => {
  expect(await failureOf(newWorld().run('ingest', '../other'))).toBe("'../other' is not a batch id")
})
