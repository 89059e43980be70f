import { by, nothing, type Origins, together, unknown } from './origins.ts'
import { isNode, type Node, nodeAt, nodesAt, numberAt, readsAll, textAt, Unclear } from './plan.ts'
import { bindingOf, type Column } from './relation.ts'

type Reader = (node: Node, input: readonly Column[]) => Origins

/**
 * Where the value of an expression over the columns of `input` comes from. Of an expression that is not known here, or
 * that refers to none of these columns, that is unknown.
 */
export const originsOf: Reader = (node, input) => {
  const reader = readers[textAt(node, 'expression_class')]
  if (reader === undefined) return unknown
  try {
    return reader(node, input)
  } catch (error) {
    if (error instanceof Unclear) return unknown
    throw error
  }
}

export const originsOfAll = (nodes: readonly Node[], input: readonly Column[]): Origins =>
  together(nodes.map((node) => originsOf(node, input)))

/** Made of the expressions in the given fields; a field may be missing. */
const madeOf =
  (...fields: readonly string[]): Reader =>
  (node, input) => {
    readsAll(node, fields)
    const parts = fields.flatMap((field) => (Array.isArray(node[field]) ? nodesAt(node, field) : optional(node, field)))
    return by('TRANSFORMATION', originsOfAll(parts, input))
  }

const optional = (node: Node, field: string): Node[] => (isNode(node[field]) ? [nodeAt(node, field)] : [])

const columnAt: Reader = (node, input) => {
  const column = input[numberAt(node, 'index')]
  if (column === undefined) throw new Unclear('a reference to no column')
  return column.origins
}

const columnNamed: Reader = (node, input) => {
  const { table_index: table, column_index: index } = nodeAt(node, 'binding')
  const binding = bindingOf(Number(table), Number(index))
  const column = input.find((each) => each.binding === binding)
  if (column === undefined) throw new Unclear('a reference to no column')
  return column.origins
}

/** What a CASE answers is taken as it is; what it asks decides which. */
const chosen: Reader = (node, input) => {
  readsAll(node, ['case_checks', 'else_expr'])
  const checks = nodesAt(node, 'case_checks')
  const asked = checks.map((check) => by('CONDITIONAL', originsOf(nodeAt(check, 'when_expr'), input)))
  const answers = checks.map((check) => originsOf(nodeAt(check, 'then_expr'), input))
  return together([...asked, ...answers, originsOf(nodeAt(node, 'else_expr'), input)])
}

const operated: Reader = (node, input) => {
  if (textAt(node, 'type') !== 'OPERATOR_COALESCE') return madeOf('children')(node, input)
  const children = nodesAt(node, 'children').map((child) => originsOf(child, input))
  return together([...children, ...children.slice(0, -1).map((child) => by('CONDITIONAL', child))])
}

const aggregated: Reader = (node, input) => {
  readsAll(node, ['children', 'filter', 'order_bys'])
  return together([
    by('AGGREGATION', originsOfAll(nodesAt(node, 'children'), input)),
    by('FILTER', originsOfAll(optional(node, 'filter'), input)),
    by('SORT', originsOfAll(optional(node, 'order_bys').flatMap(orderedBy('orders')), input)),
  ])
}

const windowFields = ['partitions', 'start_expr', 'end_expr', 'offset_expr'] as const
const windowOrders = ['orders', 'arg_orders'] as const
const windowed: Reader = (node, input) => {
  readsAll(node, ['filters', 'default_expr', ...windowFields, ...windowOrders])
  const framed = windowFields.flatMap((field) =>
    Array.isArray(node[field]) ? nodesAt(node, field) : optional(node, field),
  )
  const ordered = windowOrders.flatMap((field) => orderedBy(field)(node))
  const made = [...nodesAt(node, 'children'), ...optional(node, 'default_expr')]
  const isAggregate = textAt(node, 'type') === 'WINDOW_AGGREGATE'
  return together([
    by(isAggregate ? 'AGGREGATION' : 'TRANSFORMATION', originsOfAll(made, input)),
    by('WINDOW', originsOfAll([...framed, ...ordered], input)),
    by('FILTER', originsOfAll(optional(node, 'filters'), input)),
  ])
}

/** The expressions of a list of orders. */
export const orderedBy =
  (field: string) =>
  (node: Node): Node[] =>
    nodesAt(node, field).map((order) => nodeAt(order, 'expression'))

const readers: Record<string, Reader> = {
  BOUND_REF: columnAt,
  BOUND_COLUMN_REF: columnNamed,
  BOUND_CONSTANT: () => nothing,
  BOUND_PARAMETER: () => nothing,
  BOUND_CAST: madeOf('child'),
  BOUND_UNNEST: madeOf('child'),
  BOUND_COMPARISON: madeOf('left', 'right'),
  BOUND_CONJUNCTION: madeOf('children'),
  BOUND_BETWEEN: madeOf('input', 'lower', 'upper'),
  BOUND_FUNCTION: madeOf('children'),
  BOUND_OPERATOR: operated,
  BOUND_CASE: chosen,
  BOUND_AGGREGATE: aggregated,
  BOUND_WINDOW: windowed,
}
