import { describe, expect, test } from 'vitest'
import { lineageOf } from './support.ts'

type Form = [sql: string, columns: Record<string, string[]>, rows?: string[]]

const forms = (all: Form[]) =>
  test.each(all)('%s', async (sql, columns, rows = []) => {
    expect(await lineageOf(sql)).toEqual({ columns, rows })
  })
const whole = { a: ['n.a IDENTITY'], b: ['n.b IDENTITY'], c: ['n.c IDENTITY'] }

describe('a column', () => {
  forms([
    ['select a, b as "B", N.C from n', { a: ['n.a IDENTITY'], B: ['n.b IDENTITY'], c: ['n.c IDENTITY'] }],
    [
      'select a + b x, upper(c) y from t',
      { x: ['t.a TRANSFORMATION', 't.b TRANSFORMATION'], y: ['t.c TRANSFORMATION'] },
    ],
    ['select 1 x, now() y from n', { x: [], y: [] }],
    ['select a x, x + 1 y from n', { x: ['n.a IDENTITY'], y: ['n.a TRANSFORMATION'] }],
    ['select s.x, t.s.y from t', { x: ['t.s TRANSFORMATION'], y: ['t.s TRANSFORMATION'] }],
    ['select try_cast(c as integer) x from t', { x: ['t.c TRANSFORMATION'] }],
    ['select list_transform(l, lambda v: v + b) x from t', { x: ['t.b TRANSFORMATION', 't.l TRANSFORMATION'] }],
    ['select case when a > 1 then b else c end x from n', { x: ['n.a CONDITIONAL', 'n.b IDENTITY', 'n.c IDENTITY'] }],
    ['select coalesce(a, b) x from n', { x: ['n.a IDENTITY CONDITIONAL', 'n.b IDENTITY'] }],
    ['select nullif(a, b) x from n', { x: ['n.a IDENTITY CONDITIONAL', 'n.b CONDITIONAL'] }],
    [
      'select a in (1, b) x, a between b and 3 y from n',
      {
        x: ['n.a TRANSFORMATION', 'n.b TRANSFORMATION'],
        y: ['n.a TRANSFORMATION', 'n.b TRANSFORMATION'],
      },
    ],
  ])
})

describe('a star', () => {
  forms([
    ['select * from n', whole],
    ['from n', whole],
    ['select * exclude (b) from n', { a: whole.a, c: whole.c }],
    ['select * replace (b + c as a) from n', { ...whole, a: ['n.b TRANSFORMATION', 'n.c TRANSFORMATION'] }],
    ['select * rename (a as z) from n', { z: whole.a, b: whole.b, c: whole.c }],
    ["select columns('a|b') from n", { a: whole.a, b: whole.b }],
    ['select x.*, y.d from n x, m y', { ...whole, d: ['m.d IDENTITY'] }],
    ['select a, a from n', { a: whole.a, a_1: whole.a }],
  ])
})

describe('what lets rows through decides on every column', () => {
  forms([
    ['select a from n where b > 1', { a: whole.a }, ['n.b FILTER']],
    ['select a from n order by b', { a: whole.a }, ['n.b SORT']],
    ['select distinct a, b from n', { a: whole.a, b: whole.b }, ['n.a GROUP_BY', 'n.b GROUP_BY']],
    ['select distinct on (a) a, b from n order by a, c', { a: whole.a, b: whole.b }, ['n.a GROUP_BY SORT', 'n.c SORT']],
    ['select a from n limit (select max(d) from m)', { a: whole.a }, ['m.d FILTER']],
    [
      'select a from n where a in (select d from m where e = 1)',
      { a: whole.a },
      ['m.d FILTER', 'm.e FILTER', 'n.a FILTER'],
    ],
    ['select b from n where exists (from m where m.a = n.a)', { b: whole.b }, ['m.a FILTER', 'n.a JOIN FILTER']],
    [
      'select a from n qualify row_number() over (partition by b order by c) = 1',
      { a: whole.a },
      ['n.b WINDOW', 'n.c WINDOW'],
    ],
    ['select a from n using sample 2', { a: whole.a }],
  ])
})

describe('groups and aggregates', () => {
  forms([
    [
      'select a, count(*) k, sum(b) s from n group by a',
      { a: whole.a, k: [], s: ['n.b AGGREGATION'] },
      ['n.a GROUP_BY'],
    ],
    [
      'select a + 1 x, avg(b) y from n group by all order by all',
      { x: ['n.a TRANSFORMATION'], y: ['n.b AGGREGATION'] },
      ['n.a GROUP_BY SORT', 'n.b SORT'],
    ],
    ['select a from n group by 1 having max(b) > 1', { a: whole.a }, ['n.a GROUP_BY', 'n.b FILTER']],
    ['select count(*) k, sum(b) s from n where a > 1', { k: ['n.a FILTER'], s: ['n.a FILTER', 'n.b AGGREGATION'] }],
    ['select list(a order by b) filter (where c > 1) x from n', { x: ['n.a AGGREGATION', 'n.b SORT', 'n.c FILTER'] }],
    [
      'select a, b, sum(c) s, grouping(a) g from n group by rollup (a, b)',
      {
        a: whole.a,
        b: whole.b,
        s: ['n.c AGGREGATION'],
        g: [],
      },
      ['n.a GROUP_BY', 'n.b GROUP_BY'],
    ],
    ['from n pivot (sum(b) for a in (1))', { c: whole.c, 1: ['n.a FILTER', 'n.b AGGREGATION'] }, ['n.c GROUP_BY']],
  ])
})

describe('windows', () => {
  forms([
    [
      'select sum(a) filter (where c > 1) over (partition by b) x from n',
      { x: ['n.a AGGREGATION', 'n.b WINDOW', 'n.c FILTER'] },
    ],
    [
      'select lag(a, 1, b) over (order by c) x, row_number() over () y from n',
      {
        x: ['n.a TRANSFORMATION', 'n.b TRANSFORMATION', 'n.c WINDOW'],
        y: [],
      },
    ],
    [
      'select max(a) over (order by b rows between c preceding and current row) x from n',
      {
        x: ['n.a AGGREGATION', 'n.b WINDOW', 'n.c WINDOW'],
      },
    ],
  ])
})

describe('joins', () => {
  const joined = ['m.a JOIN', 'n.a JOIN']
  forms([
    ['select b, d from n join m on n.a = m.a', { b: whole.b, d: ['m.d IDENTITY'] }, joined],
    [
      'select * exclude (b, c) from n left join m using (a)',
      { a: whole.a, d: ['m.d IDENTITY'], e: ['m.e IDENTITY'] },
      joined,
    ],
    ['select a from n full join m using (a)', { a: ['m.a IDENTITY', 'n.a IDENTITY CONDITIONAL'] }, joined],
    ['select b from n natural join m', { b: whole.b }, joined],
    ['select b from n semi join m using (a)', { b: whole.b }, joined],
    ['select b, d from n asof join m on n.a >= m.a', { b: whole.b, d: ['m.d IDENTITY'] }, joined],
    ['select b, d from n positional join m', { b: whole.b, d: ['m.d IDENTITY'] }],
    ['select o.a, p.b from n o join n p on o.a < p.a + p.c', { a: whole.a, b: whole.b }, ['n.a JOIN', 'n.c JOIN']],
    ['select b, v from t, unnest(t.l) q(v)', { b: ['t.b IDENTITY'], v: ['t.l TRANSFORMATION'] }, ['t.l JOIN']],
    ['select b, unnest(l) v from t', { b: ['t.b IDENTITY'], v: ['t.l TRANSFORMATION'] }, ['t.l JOIN']],
    ['select d, key from u, json_each(u.j) e', { d: ['u.d IDENTITY'], key: ['u.j TRANSFORMATION'] }, ['u.j JOIN']],
    ['select r, a from n, range(3) g(r)', { r: [], a: whole.a }],
  ])
})

describe('queries in queries', () => {
  forms([
    [
      'with k as (select a + 1 x from n) select k.x, o.x y from k, k o',
      { x: ['n.a TRANSFORMATION'], y: ['n.a TRANSFORMATION'] },
    ],
    ['with n as (select d a from m) select a from n', { a: ['m.d IDENTITY'] }],
    [
      'select x from (select sum(a) x from n group by b) where x > 1',
      { x: ['n.a AGGREGATION'] },
      ['n.a FILTER', 'n.b GROUP_BY'],
    ],
    ['select b, (select max(d) from m) x from n', { b: whole.b, x: ['m.d AGGREGATION'] }],
    ['select b, (select d from m where m.e = 1) x from n', { b: whole.b, x: ['m.d IDENTITY', 'm.e FILTER'] }],
    [
      'select b, (select max(d) from m where m.a = n.a) x from n',
      {
        b: whole.b,
        x: ['m.a FILTER', 'm.d AGGREGATION', 'n.a JOIN GROUP_BY FILTER'],
      },
    ],
    ['select a in (select d from m) x from n', { x: ['m.d TRANSFORMATION', 'n.a TRANSFORMATION'] }],
    [
      'with recursive r as (select a i from n union all select i + d from r, m where i < 3) from r',
      {
        i: ['m.d TRANSFORMATION', 'n.a IDENTITY TRANSFORMATION'],
      },
      ['m.d FILTER', 'n.a FILTER'],
    ],
    ['from (values (1, 2)) v(x, y)', { x: [], y: [] }],
  ])
})

describe('sets', () => {
  forms([
    [
      'select a, b from n union all select d, e from m',
      { a: ['m.d IDENTITY', 'n.a IDENTITY'], b: ['m.e IDENTITY', 'n.b IDENTITY'] },
    ],
    [
      'select a from n union select d from m',
      { a: ['m.d IDENTITY', 'n.a IDENTITY'] },
      ['m.d GROUP_BY', 'n.a GROUP_BY'],
    ],
    [
      'select a from n union all by name select d as b, e as a from m',
      {
        a: ['m.e IDENTITY', 'n.a IDENTITY'],
        b: ['m.d IDENTITY'],
      },
    ],
    ['select a from n except all select d from m', { a: whole.a }, ['m.d FILTER', 'n.a FILTER']],
    ['select a from n intersect select d from m', { a: whole.a }, ['m.d FILTER', 'n.a GROUP_BY FILTER']],
  ])
})
