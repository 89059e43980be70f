import { originsOf, originsOfAll } from './expressions.ts'
import { by, type Origins, together } from './origins.ts'
import { isNode, type Node, nodeAt, nodesAt, numbersAt, readsAll, textAt, Unclear } from './plan.ts'
import { type Column, type Operator, picked, type Relation } from './relation.ts'

interface Sides {
  left: Relation
  right: Relation
}

const fields = ['conditions', 'condition', 'predicate', 'duplicate_eliminated_columns']

/** A join of any kind, correlated subqueries among them, which are planned as joins. */
export const joined: Operator = (node, input) => {
  readsAll(node, fields)
  if (node.delim_flipped === true) throw new Unclear('a join whose outer side is the right one')
  const left = input.child(0)
  const outer = outerOf(node, left)
  const right = input.child(1, outer === null ? {} : { outer })
  return flowing(node, { left, right })
}

/** The columns of the left side that a correlated subquery refers to. */
const outerOf = (node: Node, { columns, rows }: Relation): Relation | null => {
  if (textAt(node, 'type') !== 'LOGICAL_DELIM_JOIN') return null
  const referred = nodesAt(node, 'duplicate_eliminated_columns').map(
    (column): Column => ({ origins: originsOf(column, columns), binding: null }),
  )
  return { columns: referred, rows }
}

const flowing = (node: Node, sides: Sides): Relation => {
  const { left, right } = sides
  const [leftColumns, rightColumns] = [
    picked(left.columns, numbersAt(node, 'left_projection_map')),
    picked(right.columns, numbersAt(node, 'right_projection_map')),
  ]
  const asked = by('JOIN', conditionsOf(node, sides))
  const rows = together([left.rows, right.rows, asked])
  switch (textAt(node, 'join_type') || 'INNER') {
    case 'INNER':
    case 'LEFT':
    case 'RIGHT':
    case 'FULL':
      return { columns: [...leftColumns, ...rightColumns], rows }
    case 'SEMI':
    case 'ANTI':
      return { columns: leftColumns, rows }
    case 'RIGHT_SEMI':
    case 'RIGHT_ANTI':
      return { columns: rightColumns, rows }
    case 'SINGLE': {
      // For each row of the left there is one: which, only the right side's columns tell.
      const found = rightColumns.map((each) => ({ ...each, origins: together([each.origins, right.rows, asked]) }))
      return { columns: [...leftColumns, ...found], rows: left.rows }
    }
    case 'MARK':
      return { columns: [...leftColumns, { origins: markOf(node, sides), binding: null }], rows: left.rows }
    default:
      throw new Unclear(`the join ${textAt(node, 'join_type')} is not known`)
  }
}

/** Each side of a condition, over the columns of its side. */
const sidesOf = (condition: Node, { left, right }: Sides): Origins =>
  together([originsOf(nodeAt(condition, 'left'), left.columns), originsOf(nodeAt(condition, 'right'), right.columns)])

const wholeOf = (node: Node, { left, right }: Sides): Origins => {
  const whole = ['condition', 'predicate'].flatMap((field) => (isNode(node[field]) ? [nodeAt(node, field)] : []))
  return originsOfAll(whole, [...left.columns, ...right.columns])
}

const conditionsOf = (node: Node, sides: Sides): Origins =>
  together([...nodesAt(node, 'conditions').map((condition) => sidesOf(condition, sides)), wholeOf(node, sides)])

/** Whether a row of the right side fits: made of what is compared, where that is not how the subquery is correlated. */
const markOf = (node: Node, sides: Sides): Origins => {
  const isCorrelated = textAt(node, 'type') === 'LOGICAL_DELIM_JOIN'
  const made = nodesAt(node, 'conditions').map((condition) => {
    const isJoin = isCorrelated && textAt(condition, 'comparison') === 'COMPARE_NOT_DISTINCT_FROM'
    return by(isJoin ? 'JOIN' : 'TRANSFORMATION', sidesOf(condition, sides))
  })
  return together([...made, by('TRANSFORMATION', wholeOf(node, sides)), sides.right.rows])
}
