import type { JsonObject, JsonValue } from '../../domain/json.ts'
import type { Database } from './database.ts'
import { failed } from './errors.ts'

/** A query of a manifest: one SELECT, the tables that it names and the parameters that it asks for. */
export interface Select {
  sql: string
  tables: string[]
  parameters: string[]
  /** Its syntax tree, as `json_serialize_sql` writes it. */
  tree: JsonObject
}

/** Functions that make a table from values. All others read files or the engine's own catalog. */
const tableFunctions = new Set(['generate_series', 'json_each', 'json_tree', 'range', 'repeat', 'repeat_row', 'unnest'])
/** Would show how this machine is laid out. */
const refusedFunctions = new Set(['current_setting'])

interface Found {
  tables: Map<string, string>
  parameters: Set<string>
}

/**
 * Reads a query by DuckDB's own parser: `json_serialize_sql` takes SELECT, VALUES and FROM only and gives the syntax
 * tree. (`getTableNames` is no help: it answers with no names at all for a query with a parameter or an unknown column.)
 */
export const readSelect = async (database: Database, sql: string, signal: AbortSignal): Promise<Select> => {
  const text = sql.replace(/[\s;]+$/, '')
  const result = await database.use(signal, (connection) =>
    connection.runAndReadAll('SELECT json_serialize_sql($sql::VARCHAR)', { sql: text }),
  )
  const tree: JsonValue = JSON.parse(String(result.getRows()[0]?.[0]))
  const statements = isObject(tree) ? tree.statements : undefined
  if (!isObject(tree) || tree.error === true) throw failed(refusal(tree))
  if (!Array.isArray(statements) || statements.length !== 1)
    throw failed(`One SELECT is allowed, not ${Array.isArray(statements) ? statements.length : 0} statements`)
  const found: Found = { tables: new Map(), parameters: new Set() }
  visit(statements, new Set(), found)
  return { sql: text, tables: [...found.tables.values()], parameters: [...found.parameters], tree }
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '')

const refusal = (tree: JsonValue): string => {
  const message = isObject(tree) ? textOf(tree.error_message) : ''
  if (message.startsWith('Only SELECT')) return 'Only a SELECT, VALUES or FROM statement is allowed'
  return `Parser Error: ${message}`
}

/** `known` are the names that WITH has given at this place; they are no tables. */
const visit = (node: JsonValue, known: ReadonlySet<string>, found: Found): void => {
  if (Array.isArray(node)) for (const child of node) visit(child, known, found)
  if (!isObject(node)) return
  const inner = namesOfWith(node, known, found)
  note(node, inner, found)
  for (const [key, child] of Object.entries(node)) if (key !== 'cte_map') visit(child, inner, found)
}

const namesOfWith = (node: JsonObject, known: ReadonlySet<string>, found: Found): ReadonlySet<string> => {
  const names = new Set(known)
  if (node.type === 'RECURSIVE_CTE_NODE') names.add(textOf(node.cte_name).toLowerCase())
  const entries = isObject(node.cte_map) && Array.isArray(node.cte_map.map) ? node.cte_map.map : []
  for (const entry of entries) {
    if (!isObject(entry)) continue
    visit(entry.value ?? null, names, found)
    names.add(textOf(entry.key).toLowerCase())
  }
  return names
}

const note = (node: JsonObject, known: ReadonlySet<string>, found: Found): void => {
  if (node.type === 'BASE_TABLE') {
    const name = [node.catalog_name, node.schema_name, node.table_name].map(textOf).filter(Boolean).join('.')
    if (!known.has(name.toLowerCase())) found.tables.set(name.toLowerCase(), name)
  }
  if (node.class === 'PARAMETER') found.parameters.add(textOf(node.identifier))
  const called = textOf(node.function_name)
  if (refusedFunctions.has(called.toLowerCase())) throw failed(`The function '${called}' is not allowed`)
  if (node.type !== 'TABLE_FUNCTION' || !isObject(node.function)) return
  const reader = textOf(node.function.function_name)
  if (!tableFunctions.has(reader.toLowerCase()))
    throw failed(`The table function '${reader}' is not allowed: SQL reads the sources and transformations by name`)
}
