import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Database } from '../../../../src/engines/local/database.ts'
import { never } from '../support/bench.ts'
import { queries } from './queries.ts'
import { type Lineages, lineageIn, openTables, tables } from './support.ts'

const numbers = ['n', 'm'] as const
type Values = Record<(typeof numbers)[number], (number | null)[][]>

const rowOf = fc.tuple(...Array.from({ length: 3 }, () => fc.option(fc.integer({ min: 0, max: 5 }), { freq: 8 })))
const rowsOf = fc.array(rowOf, { minLength: 2, maxLength: 5 })

const fill = async (database: Database, values: Values): Promise<void> => {
  for (const name of numbers) {
    const rows = values[name].map((row) => `(${row.map((value) => value ?? 'NULL').join(', ')})`)
    await database.run(`DELETE FROM ${name}`, never)
    await database.run(`INSERT INTO ${name} VALUES ${rows.join(', ')}`, never)
  }
}

/** Each column's values, sorted: without an order of its own, a query may answer its rows in any. */
const answerTo = async (database: Database, sql: string): Promise<Record<string, string[]>> => {
  const result = await database.use(never, (connection) => connection.runAndReadAll(sql))
  const rows = result.getRowsJson()
  const valuesAt = (at: number) => rows.map((row) => String(row[at])).sort()
  return Object.fromEntries(result.columnNames().map((name, at) => [name, valuesAt(at)]))
}

const isNamed = ({ columns, rows }: Lineages, column: string, input: string): boolean =>
  [...(columns[column] ?? []), ...rows].some((each) => each.startsWith(`${input} `))

/** With the values of one column replaced by others. */
const perturbed = (values: Values, table: (typeof numbers)[number], at: number, by: readonly number[]): Values => ({
  ...values,
  [table]: values[table].map((row, number) =>
    row.map((value, index) => (index === at ? (by[number % by.length] ?? 0) : value)),
  ),
})

test('what a column does not come from never changes it', async () => {
  const database = await openTables()
  const found = { silent: 0, changed: 0, unknown: 0 }
  const others = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 5, maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(queries, rowsOf, rowsOf, others, async ({ sql }, n, m, by) => {
      const values: Values = { n, m }
      await fill(database, values)
      const lineages = await lineageIn(database, { q: sql })
      const before = await answerTo(database, sql)
      expect(Object.keys(lineages.columns)).toEqual(Object.keys(before))
      found.unknown += Object.values(lineages.columns).filter((each) => each.includes('unknown')).length
      for (const table of numbers) {
        for (const [at, column] of Object.keys(tables[table] ?? {}).entries()) {
          await fill(database, perturbed(values, table, at, by))
          const after = await answerTo(database, sql)
          for (const [name, values] of Object.entries(after)) {
            const isChanged = JSON.stringify(values) !== JSON.stringify(before[name])
            if (isNamed(lineages, name, `${table}.${column}`)) found.changed += isChanged ? 1 : 0
            else {
              found.silent += 1
              expect({ sql, name, from: `${table}.${column}`, isChanged }).toMatchObject({ isChanged: false })
            }
          }
        }
      }
    }),
    { numRuns: 60 },
  )
  // Neither by saying nothing nor by naming everything.
  expect(found.unknown).toBe(0)
  expect(found.silent).toBeGreaterThan(200)
  expect(found.changed).toBeGreaterThan(60)
}, 300_000)
