import { by, isSame, nothing, together } from './origins.ts'
import { nodesAt, numberAt, readsAll, Unclear } from './plan.ts'
import { named, type Operator, originsIn } from './relation.ts'

/** Rounds that a recursive query may take until nothing new comes in. */
const roundsMax = 100

export const united: Operator = (node, input) => {
  readsAll(node, [])
  const all = nodesAt(node, 'children').map((_, at) => input.child(at))
  const width = numberAt(node, 'column_count')
  if (all.some(({ columns }) => columns.length !== width)) throw new Unclear('a union of unlike inputs')
  const merged = Array.from({ length: width }, (_, at) =>
    together(all.map(({ columns }) => columns[at]?.origins ?? nothing)),
  )
  const keys = node.setop_all === true ? [] : merged.map((each) => by('GROUP_BY', each))
  return { columns: named(node, 'table_index', merged), rows: together([...all.map(({ rows }) => rows), ...keys]) }
}

/** Of EXCEPT and INTERSECT the values are the left side's; whether they are there is for both sides to say. */
export const compared: Operator = (node, input) => {
  readsAll(node, [])
  const [left, right] = [input.child(0), input.child(1)]
  const asked = [...originsIn(left), ...originsIn(right)].map((each) => by('FILTER', each))
  return { columns: named(node, 'table_index', originsIn(left)), rows: together([left.rows, right.rows, ...asked]) }
}

export const withCte: Operator = (node, input) => {
  readsAll(node, [])
  const ctes = new Map([...input.scope.ctes, [numberAt(node, 'table_index'), input.child(0)]])
  return input.child(1, { ctes })
}

export const referred: Operator = (node, input) => {
  const found = input.scope.ctes.get(numberAt(node, 'cte_index'))
  if (found === undefined) throw new Unclear('a reference to no common table')
  return { ...found, columns: named(node, 'table_index', originsIn(found)) }
}

/** Its own rows flow into it again until nothing new comes of them. */
export const recursive: Operator = (node, input) => {
  // With USING KEY it is not the columns of both sides that flow out.
  readsAll(node, [])
  const index = numberAt(node, 'table_index')
  let known = input.child(0)
  for (let round = 0; round < roundsMax; round += 1) {
    const next = input.child(1, { ctes: new Map([...input.scope.ctes, [index, known]]) })
    const merged = known.columns.map(({ origins }, at) => together([origins, next.columns[at]?.origins ?? nothing]))
    const keys = node.union_all === true ? [] : merged.map((each) => by('GROUP_BY', each))
    const rows = together([known.rows, next.rows, ...keys])
    const isDone =
      isSame(rows, known.rows) && merged.every((each, at) => isSame(each, known.columns[at]?.origins ?? nothing))
    known = { columns: named(node, 'table_index', merged), rows }
    if (isDone) return known
  }
  throw new Unclear('a recursion without an end')
}
