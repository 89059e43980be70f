import type { Influence } from '../../../domain/run/lineage.ts'
import { orderedBy, originsOf, originsOfAll } from './expressions.ts'
import { joined } from './joins.ts'
import { by, nothing, together } from './origins.ts'
import { isNode, listAt, type Node, nodeAt, nodesAt, numberAt, numbersAt, readsAll, textAt, Unclear } from './plan.ts'
import { named, type Operator, originsIn, picked, type Relation, type Scope } from './relation.ts'
import { scanned } from './scans.ts'
import { compared, recursive, referred, united, withCte } from './sets.ts'

/** What flows out of an operator of a bound plan. Throws Unclear. */
export const relationOf = (node: Node, scope: Scope): Relation => {
  const operator = operators[textAt(node, 'type')]
  if (operator === undefined) throw new Unclear(`the operator ${textAt(node, 'type')} is not known`)
  const children = nodesAt(node, 'children')
  const child = (at: number, changes: Partial<Scope> = {}) => {
    const found = children[at]
    if (found === undefined) throw new Unclear(`${textAt(node, 'type')} without an input`)
    return relationOf(found, { ...scope, ...changes })
  }
  return operator(node, { scope, child })
}

const projected: Operator = (node, input) => {
  readsAll(node, ['expressions'])
  const { columns, rows } = input.child(0)
  const made = nodesAt(node, 'expressions').map((expression) => originsOf(expression, columns))
  return { columns: named(node, 'table_index', made), rows }
}

/** An operator that lets rows through, or orders them, by expressions. */
const through =
  (influence: Influence, fields: readonly string[], expressions: (node: Node) => Node[]): Operator =>
  (node, input) => {
    readsAll(node, fields)
    const { columns, rows } = input.child(0)
    const asked = by(influence, originsOfAll(expressions(node), columns))
    return { columns: picked(columns, numbersAt(node, 'projection_map')), rows: together([rows, asked]) }
  }

const limited: Operator = (node, input) => {
  readsAll(node, ['limit_val', 'offset_val'])
  const { columns, rows } = input.child(0)
  const bounds = ['limit_val', 'offset_val'].flatMap((field) => {
    const { expression } = nodeAt(node, field)
    return isNode(expression) ? [expression] : []
  })
  return { columns, rows: together([rows, by('FILTER', originsOfAll(bounds, columns))]) }
}

const distinct: Operator = (node, input) => {
  readsAll(node, ['distinct_targets', 'order_by'])
  const { columns, rows } = input.child(0)
  const order = isNode(node.order_by) ? orderedBy('orders')(node.order_by) : []
  const targets = by('GROUP_BY', originsOfAll(nodesAt(node, 'distinct_targets'), columns))
  return { columns, rows: together([rows, targets, by('SORT', originsOfAll(order, columns))]) }
}

/** A subquery for one value is planned as the first of its rows. No function of a query is without this index. */
const isPlanned = (node: Node): boolean => !Number.isSafeInteger(numberAt(node, 'groupings_index'))

/** Without groups there is one row, whatever comes in: then what decides on the rows decides on the values. */
const grouped: Operator = (node, input) => {
  readsAll(node, ['expressions', 'groups'])
  const { columns, rows } = input.child(0)
  const keys = nodesAt(node, 'groups').map((group) => originsOf(group, columns))
  const isFirst = (expression: Node) => isPlanned(node) && textAt(expression, 'name') === 'first'
  const values = nodesAt(node, 'expressions').map((expression) =>
    isFirst(expression) ? originsOfAll(nodesAt(expression, 'children'), columns) : originsOf(expression, columns),
  )
  const sets = listAt(node, 'grouping_functions').map(() => nothing)
  const isOneRow = keys.length === 0
  return {
    columns: [
      ...named(node, 'group_index', keys),
      ...named(node, 'aggregate_index', isOneRow ? values.map((value) => together([value, rows])) : values),
      ...named(node, 'groupings_index', sets),
    ],
    rows: isOneRow ? nothing : together([rows, ...keys.map((key) => by('GROUP_BY', key))]),
  }
}

const windowed: Operator = (node, input) => {
  readsAll(node, ['expressions'])
  const { columns, rows } = input.child(0)
  const made = nodesAt(node, 'expressions').map((expression) => originsOf(expression, columns))
  return { columns: [...columns, ...named(node, 'window_index', made)], rows }
}

/** A list's length says how often the row is there. */
const unnested: Operator = (node, input) => {
  readsAll(node, ['expressions'])
  const { columns, rows } = input.child(0)
  const made = nodesAt(node, 'expressions').map((expression) => originsOf(expression, columns))
  return {
    columns: [...columns, ...named(node, 'unnest_index', made)],
    rows: together([rows, ...made.map((each) => by('JOIN', each))]),
  }
}

const valued: Operator = (node, input) => {
  readsAll(node, ['expressions'])
  const { columns, rows } = input.child(0)
  const lists = listAt(node, 'expressions').map((list) => (Array.isArray(list) ? list.filter(isNode) : []))
  const made = listAt(node, 'expr_types').map((_, at) =>
    together(lists.map((list) => originsOfAll(list.slice(at, at + 1), columns))),
  )
  return { columns: named(node, 'table_index', made), rows }
}

const outer: Operator = (node, { scope: { outer: side } }) => {
  if (side === null || listAt(node, 'chunk_types').length !== side.columns.length)
    throw new Unclear('a reference to no outer query')
  return { ...side, columns: named(node, 'table_index', originsIn(side)) }
}

const operators: Record<string, Operator> = {
  LOGICAL_GET: scanned,
  LOGICAL_PROJECTION: projected,
  LOGICAL_FILTER: through('FILTER', ['expressions'], (node) => nodesAt(node, 'expressions')),
  LOGICAL_ORDER_BY: through('SORT', ['orders'], orderedBy('orders')),
  LOGICAL_LIMIT: limited,
  LOGICAL_SAMPLE: (_, input) => input.child(0),
  LOGICAL_DISTINCT: distinct,
  LOGICAL_AGGREGATE_AND_GROUP_BY: grouped,
  LOGICAL_WINDOW: windowed,
  LOGICAL_UNNEST: unnested,
  LOGICAL_UNION: united,
  LOGICAL_EXCEPT: compared,
  LOGICAL_INTERSECT: compared,
  LOGICAL_MATERIALIZED_CTE: withCte,
  LOGICAL_RECURSIVE_CTE: recursive,
  LOGICAL_CTE_REF: referred,
  LOGICAL_EXPRESSION_GET: valued,
  LOGICAL_DUMMY_SCAN: () => ({ columns: [], rows: nothing }),
  LOGICAL_DELIM_GET: outer,
  LOGICAL_COMPARISON_JOIN: joined,
  LOGICAL_ANY_JOIN: joined,
  LOGICAL_ASOF_JOIN: joined,
  LOGICAL_DELIM_JOIN: joined,
  LOGICAL_CROSS_PRODUCT: joined,
  LOGICAL_POSITIONAL_JOIN: joined,
}
