import fc from 'fast-check'

/** A query whose columns are numbers named `x0`, `x1` and so on. */
export interface Query {
  sql: string
  width: number
}

type Build<Parts extends unknown[]> = (...parts: Parts) => Query

const columnsOf = (width: number, of = ''): string[] => Array.from({ length: width }, (_, at) => `${of}x${at}`)
const pick = (query: Query, at: number, of = ''): string => `${of}x${at % query.width}`
const listed = (expressions: readonly string[]): string =>
  expressions.map((expression, at) => `${expression} AS x${at}`).join(', ')
const made = (expressions: readonly string[], rest: string): Query => ({
  sql: `SELECT ${listed(expressions)} FROM ${rest}`,
  width: expressions.length,
})

const projected: Build<[Query, number, number, number]> = (q, i, j, form) => {
  const [x, y] = [pick(q, i), pick(q, j)]
  const forms = [`${x} + ${y}`, `CASE WHEN ${x} > 2 THEN ${y} ELSE 0 END`, `coalesce(${x}, ${y})`, `nullif(${x}, ${y})`]
  return made([x, forms[form % forms.length] ?? x], `(${q.sql}) q`)
}
const filtered: Build<[Query, number, number]> = (q, i, bound) =>
  made(columnsOf(q.width), `(${q.sql}) q WHERE ${pick(q, i)} > ${bound}`)

const grouped: Build<[Query, number, number, number]> = (q, i, j, form) => {
  const [x, y] = [pick(q, i), pick(q, j)]
  const forms = [`sum(${y})`, 'count(*)', `max(${y}) FILTER (WHERE ${x} > 2)`, `count(DISTINCT ${y})`, `min(${y})`]
  const value = forms[form % forms.length] ?? x
  const rests = ['GROUP BY 1', `GROUP BY 1 HAVING min(${y}) > 1`, 'GROUP BY ALL']
  if (form % 4 === 0) return made([value], `(${q.sql}) q`)
  return made([x, value], `(${q.sql}) q ${rests[form % rests.length] ?? ''}`)
}
const windowed: Build<[Query, number, number, number]> = (q, i, j, form) => {
  const [x, y] = [pick(q, i), pick(q, j)]
  const forms = [
    `rank() OVER (PARTITION BY ${x} ORDER BY ${y})`,
    `sum(${x}) OVER (PARTITION BY ${y})`,
    `max(${y}) FILTER (WHERE ${x} > 2) OVER ()`,
    `count(*) OVER (ORDER BY ${y} RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING)`,
  ]
  return made([...columnsOf(q.width), forms[form % forms.length] ?? x], `(${q.sql}) q`)
}
const joined: Build<[Query, Query, number, number, number]> = (q, r, i, j, form) => {
  const on = `${pick(q, i, 'q.')} = ${pick(r, j, 'r.')}`
  const both = [...columnsOf(q.width, 'q.').slice(0, 2), ...columnsOf(r.width, 'r.').slice(0, 2)]
  const kinds = ['JOIN', 'LEFT JOIN', 'FULL JOIN', 'RIGHT JOIN', 'SEMI JOIN', 'ANTI JOIN']
  const kind = kinds[form % kinds.length] ?? 'JOIN'
  const left = /SEMI|ANTI/.test(kind) ? columnsOf(q.width, 'q.') : both
  if (form % 5 === 0)
    return {
      sql: `SELECT * FROM (${q.sql}) JOIN (SELECT x0, x0 AS x${q.width} FROM (${r.sql})) USING (x0)`,
      width: q.width + 1,
    }
  return made(left, `(${q.sql}) q ${kind} (${r.sql}) r ON ${on}`)
}
const asked: Build<[Query, Query, number, number, number]> = (q, r, i, j, form) => {
  const [x, y] = [pick(q, i, 'q.'), pick(r, j, 'r.')]
  const all = columnsOf(q.width, 'q.')
  const forms = [
    made([...all, `(SELECT max(${y}) FROM (${r.sql}) r WHERE r.x0 = ${x})`], `(${q.sql}) q`),
    made([...all, `(SELECT count(*) FROM (${r.sql}) r WHERE r.x0 > 2)`], `(${q.sql}) q`),
    made(all, `(${q.sql}) q WHERE ${x} IN (SELECT ${y} FROM (${r.sql}) r)`),
    made(all, `(${q.sql}) q WHERE NOT EXISTS (FROM (${r.sql}) r WHERE ${y} = ${x})`),
    made([...all, `CAST(${x} IN (SELECT ${y} FROM (${r.sql}) r WHERE r.x0 <> ${x}) AS INTEGER)`], `(${q.sql}) q`),
    made([...all, 'l.y'], `(${q.sql}) q, LATERAL (SELECT min(${y}) AS y FROM (${r.sql}) r WHERE r.x0 < ${x}) l`),
    made([...all, 'l.y'], `(${q.sql}) q, unnest([${x}, 1]) l(y)`),
  ]
  return forms[form % forms.length] ?? q
}
const combined: Build<[Query, Query, number]> = (q, r, form) => {
  const width = Math.min(q.width, r.width)
  const [one, other] = [q, r].map(({ sql }) => `SELECT ${columnsOf(width).join(', ')} FROM (${sql})`)
  const words = ['UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT', 'EXCEPT ALL', 'INTERSECT ALL']
  return { sql: `${one} ${words[form % words.length]} ${other}`, width }
}
const rest: Build<[Query, number]> = (q, form) => {
  const forms = [
    { ...q, sql: `SELECT DISTINCT * FROM (${q.sql})` },
    { ...q, sql: `SELECT * FROM (${q.sql}) ORDER BY ALL LIMIT ${(form % 4) + 1}` },
    { ...q, sql: `WITH w AS (${q.sql}) SELECT * FROM w` },
    { sql: `WITH w AS (${q.sql}) SELECT o.x0, p.x0 AS x1 FROM w o JOIN w p ON o.x0 < p.x0`, width: 2 },
    { ...q, sql: `SELECT * REPLACE (x0 + 1 AS x0) FROM (${q.sql})` },
    { sql: `WITH RECURSIVE w AS (SELECT x0 FROM (${q.sql}) UNION SELECT x0 + 1 FROM w WHERE x0 < 4) FROM w`, width: 1 },
  ]
  return forms[form % forms.length] ?? q
}

const small = fc.nat(20)
const base = fc.constantFrom<Query>(
  { sql: 'SELECT a AS x0, b AS x1, c AS x2 FROM n', width: 3 },
  { sql: 'SELECT a AS x0, d AS x1, e AS x2 FROM m', width: 3 },
  { sql: 'SELECT n.a AS x0, m.e AS x1 FROM n, m WHERE n.b = m.d', width: 2 },
)

/** Nested queries over the tables `n (a, b, c)` and `m (a, d, e)`. */
export const queries: fc.Arbitrary<Query> = fc.letrec<{ query: Query }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    base,
    fc.tuple(tie('query'), small, small, small).map((parts) => projected(...parts)),
    fc.tuple(tie('query'), small, fc.nat(4)).map((parts) => filtered(...parts)),
    fc.tuple(tie('query'), small, small, small).map((parts) => grouped(...parts)),
    fc.tuple(tie('query'), small, small, small).map((parts) => windowed(...parts)),
    fc.tuple(tie('query'), tie('query'), small, small, small).map((parts) => joined(...parts)),
    fc.tuple(tie('query'), tie('query'), small, small, small).map((parts) => asked(...parts)),
    fc.tuple(tie('query'), tie('query'), small).map((parts) => combined(...parts)),
    fc.tuple(tie('query'), small).map((parts) => rest(...parts)),
  ),
})).query
