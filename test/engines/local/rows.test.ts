import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../../../src/engines/local/database.ts'
import { readRows, writeRows } from '../../../src/engines/local/rows.ts'
import type { Row } from '../../../src/engines/local/step.ts'
import { never, plainDuckDb, temporaryFolder } from './support/bench.ts'

const opened = async () => {
  const root = await temporaryFolder()
  const database = await openDatabase({ files: [], folder: root, spill: join(root, 'spill'), root })
  return { database, path: join(root, 'table.parquet') }
}

/** Rows written and read back, and the types of the columns between. */
const roundTrip = async (rows: Row[]) => {
  const { database, path } = await opened()
  await writeRows(database, rows, path, never)
  const back = await readRows(database, path, never)
  await database.close()
  const columns = await plainDuckDb(`SELECT column_name, column_type FROM (DESCRIBE FROM '${path}')`)
  return { back, columns }
}

const column = fc.constantFrom(
  fc.option(fc.maxSafeInteger()),
  // Plus zero, because a column of whole numbers has no -0.
  fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0)),
  fc.option(fc.boolean()),
  fc.option(fc.string({ unit: 'grapheme' })),
)

const names = fc.uniqueArray(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), {
  selector: (name) => name.toLowerCase(),
  minLength: 1,
  maxLength: 5,
})

const table = names.chain((keys) =>
  fc
    .tuple(...keys.map(() => column))
    .chain((columns) => fc.array(fc.tuple(...columns), { minLength: 1, maxLength: 20 }))
    .map((rows) => rows.map((values): Row => Object.fromEntries(keys.map((key, at) => [key, values[at] ?? null])))),
)

describe('rows in a Parquet file', () => {
  test('read back as they were written, rows and columns in their order', async () => {
    const { database, path } = await opened()
    await fc.assert(
      fc.asyncProperty(table, async (rows) => {
        await writeRows(database, rows, path, never)
        const back = await readRows(database, path, never)
        expect(back).toEqual(rows)
        expect(Object.keys(back[0] ?? {})).toEqual(Object.keys(rows[0] ?? {}))
      }),
    )
    await database.close()
  })

  test('read back as they are, however often and fast the file is written anew', async () => {
    const { database, path } = await opened()
    for (let turn = 0; turn < 300; turn += 1) {
      const rows = Array.from({ length: 1 + (turn % 3) }, (): Row => ({ a: (turn * 7919) % 1000, b: turn % 2 === 0 }))
      await writeRows(database, rows, path, never)
      expect(await readRows(database, path, never)).toEqual(rows)
    }
    await database.close()
  })

  test('have whole numbers as BIGINT, other numbers as DOUBLE, and text where all is null', async () => {
    const { columns } = await roundTrip([
      { whole: 1, part: 1, wide: 1, yes: true, text: 'é', none: null },
      { whole: null, part: 0.5, wide: 2 ** 60, yes: false, text: '', none: null },
    ])
    expect(columns).toEqual([
      { column_name: 'whole', column_type: 'BIGINT' },
      { column_name: 'part', column_type: 'DOUBLE' },
      { column_name: 'wide', column_type: 'DOUBLE' },
      { column_name: 'yes', column_type: 'BOOLEAN' },
      { column_name: 'text', column_type: 'VARCHAR' },
      { column_name: 'none', column_type: 'VARCHAR' },
    ])
  })

  test('may be many more than a chunk holds', async () => {
    const rows = Array.from({ length: 20_001 }, (_, index): Row => ({ index, text: `row ${index}` }))
    expect((await roundTrip(rows)).back).toEqual(rows)
  })

  test('that others wrote come as numbers where a number holds them, else as text', async () => {
    const { database, path } = await opened()
    await plainDuckDb(`COPY (
      SELECT 7::HUGEINT AS huge, 9007199254740993 AS wide, DATE '2001-03-04' AS day, TIMESTAMP '2001-03-04 05:06:07' AS at,
        1.50::DECIMAL(5, 2) AS price, 7::UTINYINT AS tiny, 0.5::FLOAT AS half
    ) TO '${path}'`)
    expect(await readRows(database, path, never)).toEqual([
      {
        huge: 7,
        wide: '9007199254740993',
        day: '2001-03-04',
        at: '2001-03-04 05:06:07',
        price: '1.50',
        tiny: 7,
        half: 0.5,
      },
    ])
    await database.close()
  })
})
