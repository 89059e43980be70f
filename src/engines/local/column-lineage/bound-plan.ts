import type { DuckDBValue } from '@duckdb/node-api'
import type { JsonObject, JsonValue } from '../../../domain/json.ts'
import type { Bindings, Database } from '../database.ts'
import type { Select } from '../select.ts'
import { isNode, type Node, nodesAt, Unclear } from './plan.ts'

/** Of one query's plan, as JSON: nested types are written down at each expression. */
const planCharsMax = 32_000_000

/**
 * A query's plan as DuckDB's binder leaves it, before the optimizer: every name is resolved, every `*` and macro
 * written out, each reference the place of a column in what flows into its operator. Throws Unclear, StageError.
 */
export const boundPlan = async (
  database: Database,
  { sql, tree }: Select,
  given: Bindings,
  signal: AbortSignal,
): Promise<Node> => {
  const query = Object.keys(given.values).length === 0 ? sql : await withValues(database, tree, given, signal)
  const text = await answer(database, 'SELECT json_serialize_plan($text::VARCHAR)', query, signal)
  if (text.length > planCharsMax) throw new Unclear('the plan is too large')
  const plan: JsonValue = JSON.parse(text)
  if (!isNode(plan) || plan.error === true) throw new Unclear('there is no plan')
  const [root, ...others] = nodesAt(plan, 'plans')
  if (root === undefined || others.length > 0) throw new Unclear('there is no one plan')
  return root
}

/** `json_serialize_plan` takes no parameters, so the query is written anew with their values in their places. */
const withValues = (database: Database, tree: Node, given: Bindings, signal: AbortSignal): Promise<string> => {
  const statements = nodesAt(tree, 'statements')
  const filled = statements.map((statement) => ({ ...filledIn(statement, given), named_param_map: [] }))
  const text = JSON.stringify({ error: false, statements: filled })
  return answer(database, 'SELECT json_deserialize_sql($text::JSON)', text, signal)
}

const answer = async (database: Database, sql: string, text: string, signal: AbortSignal): Promise<string> => {
  const result = await database.use(signal, (connection) => connection.runAndReadAll(sql, { text }))
  return String(result.getRows()[0]?.[0])
}

const filledIn = (node: Node, given: Bindings): JsonObject => {
  if (node.class === 'PARAMETER') return valueNode(node, given)
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, filled(value, given)]))
}

const filled = (value: JsonValue, given: Bindings): JsonValue => {
  if (Array.isArray(value)) return value.map((each) => filled(each, given))
  return isNode(value) ? filledIn(value, given) : value
}

/** As `CAST('…' AS type)`, so that it has the type that the parameter is bound with. */
const valueNode = (node: Node, { values, types }: Bindings): JsonObject => {
  const name = String(node.identifier)
  const value: DuckDBValue = values[name] ?? null
  const written = value === null ? { is_null: true } : { is_null: false, value: String(value) }
  const constant = { type: { id: 'VARCHAR', type_info: null }, ...written }
  const place = { alias: '', query_location: 0 }
  return {
    class: 'CAST',
    type: 'OPERATOR_CAST',
    ...place,
    alias: node.alias ?? '',
    child: { class: 'CONSTANT', type: 'VALUE_CONSTANT', ...place, value: constant },
    cast_type: { id: String(types[name]), type_info: null },
    try_cast: false,
  }
}
