import type { Origins } from './origins.ts'
import type { Node } from './plan.ts'

/** A column of what flows between two operators. `binding` is the plan's name for it where it has one. */
export interface Column {
  origins: Origins
  binding: string | null
}

/** What flows out of an operator. `rows` decides which rows there are and in which order: all columns depend on it. */
export interface Relation {
  columns: Column[]
  rows: Origins
}

/** What operators refer to by name or number. */
export interface Scope {
  /** What a table holds: its columns, in order. */
  table(name: string): Relation
  /** Columns of the outer side of the innermost correlated join. */
  outer: Relation | null
  /** Common tables, by the number that references have. */
  ctes: ReadonlyMap<number, Relation>
}

/** `child` is what flows in from the operator of that place, counted from 0, in this scope with changes. */
interface Input {
  scope: Scope
  child(at: number, changes?: Partial<Scope>): Relation
}

/** Throws Unclear. */
export type Operator = (node: Node, input: Input) => Relation

export const originsIn = ({ columns }: Relation): Origins[] => columns.map(({ origins }) => origins)

export const bindingOf = (table: number, column: number): string => `${table}.${column}`

/** Columns that a plan names by their place under the number in the field `index`. */
export const named = (node: Node, index: string, all: readonly Origins[]): Column[] =>
  all.map((origins, at) => ({ origins, binding: bindingOf(Number(node[index]), at) }))

/** The columns that a list of places picks; all, where it is empty. */
export const picked = (columns: readonly Column[], places: readonly number[]): Column[] =>
  places.length === 0 ? [...columns] : places.flatMap((at) => columns[at] ?? [])
