import { by, nothing, together } from './origins.ts'
import { isNode, type Node, nodeAt, nodesAt, numberAt, numbersAt, readsAll, textAt, Unclear } from './plan.ts'
import { bindingOf, type Column, named, type Operator, type Relation, type Scope } from './relation.ts'

/** A table, or a function that makes one of values. */
export const scanned: Operator = (node, input) => {
  readsAll(node, [])
  if (nodesAt(node, 'children').length > 0) return called(node, input.child(0))
  const source = textAt(node, 'name') === 'seq_scan' ? tableOf(node, input.scope) : { columns: [], rows: nothing }
  const read = nodesAt(node, 'column_indexes').map(
    (column, at): Column => ({
      // A function of constants alone has no origins, and the number of a row, which is no column, has none either.
      origins: source.columns[numberAt(column, 'index')]?.origins ?? nothing,
      binding: bindingOf(numberAt(node, 'table_index'), at),
    }),
  )
  const ids = numbersAt(node, 'projection_ids')
  return { columns: ids.length === 0 ? read : ids.flatMap((id) => read[id] ?? []), rows: source.rows }
}

const tableOf = (node: Node, scope: Scope): Relation => {
  const data = nodeAt(node, 'function_data')
  const filters = isNode(node.table_filters) ? nodesOrNone(node.table_filters) : 0
  if (filters > 0) throw new Unclear('a scan with filters')
  return scope.table(textAt(data, 'table'))
}

const nodesOrNone = (filters: Node): number =>
  Object.values(filters).filter((each) => Array.isArray(each) && each.length > 0).length

/** A function over columns, such as `unnest(t.list)`: what it gives may come of all that it is given. */
const called = (node: Node, given: Relation): Relation => {
  const passed = numbersAt(node, 'projected_input').map((at) => given.columns[at])
  const all = together(given.columns.filter((column) => !passed.includes(column)).map(({ origins }) => origins))
  const made = nodesAt(node, 'column_indexes').map(() => by('TRANSFORMATION', all))
  const handed = passed.map((column) => column?.origins ?? nothing)
  return { columns: named(node, 'table_index', [...made, ...handed]), rows: together([given.rows, by('JOIN', all)]) }
}
