import { expect, test } from 'vitest'
import { lineageOf } from './support.ts'

test('goes through every step to the sources, and each influence keeps what it was', async () => {
  const queries = {
    kept: 'select a, b, c from n where c > 1',
    summed: 'select a, sum(b) total from kept group by a',
    out: 'select total * 2 as twice, total > 10 as big from Summed order by a',
  }
  expect(await lineageOf(queries)).toEqual({
    columns: { twice: ['n.b AGGREGATION'], big: ['n.b AGGREGATION'] },
    rows: ['n.a GROUP_BY SORT', 'n.c FILTER'],
  })
})

test('a parameter comes from no column, and has the type that it is bound with', async () => {
  const specs = { least: { type: 'integer', default: 1 }, word: { type: 'string', default: 'x' } }
  const parameters = { least: 2, word: "it's" }
  const sql = 'select a, $word as w, $word || c as v from t where b > $least limit $least'
  expect(await lineageOf(sql, { specs, parameters })).toEqual({
    columns: { a: ['t.a IDENTITY'], w: [], v: ['t.c TRANSFORMATION'] },
    rows: ['t.b FILTER'],
  })
})

test('rows that a check takes out of a table are decided on by what it looks at', async () => {
  const rejecting = { on_failure: 'reject' }
  const checks = [
    { name: 'has_b', type: 'not_null', on: 'kept', column: 'b', ...rejecting },
    { name: 'sane', type: 'expression', on: 'n', sql: 'c > 0', ...rejecting },
    { name: 'only_looks', type: 'not_null', on: 'kept', column: 'a' },
  ]
  const { rows } = await lineageOf({ kept: 'select a, b from n', q: 'select a from kept' }, { checks })
  expect(rows).toEqual(['n.b FILTER', 'n.c FILTER'])
})

test('a step that has other columns in the run than DuckDB describes is unknown, and so is what comes of it', async () => {
  const queries = { one: 'select a, b from n', two: 'select a + 1 as x, (select max(d) from m) as y from one' }
  const unlike = { columns: { x: ['unknown'], y: ['m.d AGGREGATION'] }, rows: ['unknown'] }
  expect(await lineageOf(queries, { told: { one: ['a', 'other'] } })).toEqual(unlike)
  expect(await lineageOf(queries, { told: { one: ['a', 'b', 'c'] } })).toEqual(unlike)
  expect((await lineageOf(queries)).columns).toEqual({ x: ['n.a TRANSFORMATION'], y: ['m.d AGGREGATION'] })
})

test('what is not understood is said to be unknown', async () => {
  const recursion = 'with recursive r(i) using key (i) as (select a from n union select i + 1 from r) from r'
  expect(await lineageOf(recursion)).toEqual({ columns: { i: ['unknown'] }, rows: ['unknown'] })
  const beside = { one: recursion, two: 'select i, d from one, m' }
  expect((await lineageOf(beside)).columns).toEqual({ i: ['unknown'], d: ['m.d IDENTITY'] })
})
