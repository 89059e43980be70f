import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FindContract, SqlReader } from '../../../src/app/ports/validation.ts'
import type { JsonObject } from '../../../src/domain/json.ts'
import { openSqlReader } from '../../../src/engines/local/sql-reader.ts'
import { validateManifest } from '../../../src/manifests/validate/validate.ts'

let sql: SqlReader
beforeAll(async () => {
  sql = await openSqlReader()
})
afterAll(() => sql.close())

const flights: JsonObject = {
  type: 'object',
  properties: { origin: { type: 'string' }, delay: { type: 'number' }, date: { type: 'string', format: 'date' } },
  additionalProperties: false,
}
const routes: JsonObject = {
  type: 'object',
  properties: { origin: { type: 'string' }, flights: { type: 'integer' }, delay: { type: 'number' } },
  required: ['origin', 'flights'],
  additionalProperties: false,
}
const registry: Record<string, JsonObject> = {
  'flights@v1': flights,
  'open@v1': { ...flights, additionalProperties: true },
  'routes@v1': routes,
}
const findContract: FindContract = async (name, version) => registry[`${name}@${version}`]

const good =
  'select origin, count(*) flights, avg(delay) delay from flights where date = cast($partition as date) group by 1'
const manifest = (query = good, more: object = {}) => ({
  name: 'by-route',
  version: '1.0.0',
  sources: { flights: { type: 'parquet', path: 'flights.parquet' } },
  transformations: [{ name: 'by_route', type: 'sql', sql: query }],
  sinks: { routes: { type: 'parquet', from: 'by_route', path: 'routes.parquet' } },
  contract: { sink: 'routes', ref: 'routes@v1', sources: { flights: 'flights@v1' } },
  ...more,
})
const steps = (...queries: string[]) => queries.map((query, index) => ({ name: `s${index}`, type: 'sql', sql: query }))

const foundIn = async (given: unknown, find: FindContract | null = findContract) =>
  (await validateManifest(given, { sql, findContract: find })).map(
    ({ path, rule, severity, message }) => `${path} ${severity} ${rule} ${message}`,
  )

test('nothing is found where a manifest keeps to everything', async () => {
  expect(await foundIn(manifest())).toEqual([])
  expect(await foundIn(manifest(), null)).toEqual([])
})

describe.each<[string, unknown, string[]]>([
  ['a text that is no YAML', 'name: [', ['line 1, column 8 error yaml ']],
  ['a field that is not there', { ...manifest(), nmae: 1 }, ['nmae error structure unknown key']],
  [
    'a sink and a check of what nobody bears',
    manifest(good, {
      sinks: { routes: { type: 'csv', from: 'nothing', path: 'a.csv' } },
      quality_checks: [{ name: 'q', type: 'row_count', on: 'none', min: 1 }],
    }),
    [
      "sinks.routes.from error reference 'nothing' is neither",
      "quality_checks[0].on error reference 'none' is neither",
    ],
  ],
  ['SQL that cannot be parsed', manifest('selec 1'), ['transformations[0].sql error sql-syntax Parser Error']],
  ['SQL that is no SELECT', manifest('drop table flights'), ['transformations[0].sql error sql Only a SELECT']],
  ['two statements', manifest('select 1; select 2'), ['transformations[0].sql error sql One SELECT']],
  [
    'a file that SQL reads itself',
    manifest("select * from read_csv('a')"),
    ['transformations[0].sql error sql The table'],
  ],
  [
    'a table that is unknown',
    manifest('select * from fligths'),
    ["transformations[0].sql error sql-table 'fligths' is"],
  ],
  [
    'a step that reads itself',
    manifest('select * from by_route'),
    ["transformations[0].sql error cycle 'by_route' reads itself"],
  ],
  [
    'steps in a circle',
    manifest(good, { transformations: steps('select * from s1', 'select * from s0'), sinks: {}, contract: null }),
    ["transformations[0].sql error cycle 's0' reads 's1', which comes after it"],
  ],
  [
    'a parameter that is not declared',
    manifest('select $x x from flights'),
    ['transformations[0].sql error sql-parameter $x'],
  ],
  [
    'a column that the source has not',
    manifest('select orign from flights'),
    ['transformations[0].sql error sql-column Binder Error: Referenced column "orign"'],
  ],
  [
    'a column that the step before has not',
    manifest(good, {
      transformations: steps('select origin o from flights', 'select origin from s0'),
      sinks: {},
      contract: { sources: { flights: 'flights@v1' } },
    }),
    ['transformations[1].sql error sql-column Binder Error: Referenced column "origin"'],
  ],
  [
    'types that do not go together',
    manifest('select sum(origin) s from flights'),
    ['transformations[0].sql error sql Binder Error: No function matches'],
  ],
  [
    'checks of columns that are not there',
    manifest(good, {
      quality_checks: [
        { name: 'a', type: 'not_null', on: 'by_route', column: 'orign' },
        { name: 'b', type: 'expression', on: 'by_route', sql: 'flights > bound' },
        { name: 'c', type: 'expression', on: 'by_route', sql: 'flights >' },
      ],
    }),
    [
      'quality_checks[0].column error sql-column ',
      'quality_checks[1].sql error sql-column ',
      'quality_checks[2].sql error sql-syntax ',
    ],
  ],
  [
    'a contract that is not registered, of a sink that is not there',
    manifest(good, { contract: { sink: 'rotues', ref: 'routes@v9' } }),
    ["contract.sink error contract there is no sink 'rotues'", 'contract.ref error contract there is no version v9'],
  ],
  [
    'a contract that is written wrong',
    manifest(good, { contract: { sink: 1, ref: 'routes', sources: { weather: 'x' }, more: 1 } }),
    [
      'contract.more error contract unknown key',
      "contract.sources.weather error contract there is no source 'weather'",
      'contract.sources.weather error contract must be a name and a version',
      'contract.sink error contract must be the name of a sink',
      'contract.ref error contract must be a name and a version',
    ],
  ],
  [
    'a result that differs from its contract',
    manifest("select 'x' flights, origin from_here from flights"),
    [
      "contract.ref error contract routes@v1 requires the column 'origin'",
      "contract.ref error contract routes@v1 has 'flights' as integer, but the sink gets VARCHAR",
      "contract.ref error contract routes@v1 does not allow the column 'from_here'",
    ],
  ],
  [
    'a column that an open contract does not promise',
    manifest('select orign, 1 flights from flights', {
      contract: { sink: 'routes', ref: 'routes@v1', sources: { flights: 'open@v1' } },
    }),
    ['transformations[0].sql warning sql-column '],
  ],
])('%s', (_, given, expected) => {
  test('is found, with its place and its rule, and nothing else is', async () => {
    const found = await foundIn(given)
    expect(found.map((each, index) => each.slice(0, expected[index]?.length))).toEqual(expected)
  })
})

test('where nobody knows the columns of a source, none is missed', async () => {
  expect(await foundIn(manifest('select anything, sum(origin) s from flights', { contract: null }))).toEqual([])
})
