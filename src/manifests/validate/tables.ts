import type { KnownColumn } from '../../app/ports/validation.ts'
import { columnsOf, type Types } from '../../domain/contract/schema.ts'
import type { JsonObject } from '../../domain/json.ts'

/** What is known of a table. Where it is open, it may have columns besides those that are known. */
export interface KnownTable {
  columns: readonly KnownColumn[]
  isOpen: boolean
}

/** By name in lower case; null is a table of which nothing is known. */
export type KnownTables = ReadonlyMap<string, KnownTable | null>

/** The table that a contract promises. */
export const promised = (schema: JsonObject): KnownTable => {
  const { properties, isOpen } = columnsOf(schema)
  const columns = [...properties].map(([name, { types, rest }]) => ({
    name,
    type: engineType(types, typeof rest.format === 'string' ? rest.format : ''),
  }))
  return { columns, isOpen }
}

const byFormat: Record<string, string> = { date: 'DATE', 'date-time': 'TIMESTAMP', time: 'TIME', uuid: 'UUID' }
const byType: Record<string, string> = { integer: 'BIGINT', number: 'DOUBLE', boolean: 'BOOLEAN' }

/** DuckDB's type for a column; null where the contract allows several, or one that has no single counterpart. */
const engineType = (types: Types, format: string): string | null => {
  const [type, ...others] = (types ?? []).filter((each) => each !== 'null')
  if (type === undefined || others.length > 0) return null
  return type === 'string' ? (byFormat[format] ?? 'VARCHAR') : (byType[type] ?? null)
}

const families: readonly [pattern: RegExp, type: string][] = [
  [/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER)$/, 'integer'],
  [/^DECIMAL\(\d+,0\)$/, 'integer'],
  [/^(FLOAT|DOUBLE|DECIMAL.*)$/, 'number'],
  [/^BOOLEAN$/, 'boolean'],
  [/\[\d*\]$/, 'array'],
  [/^(STRUCT|MAP)/, 'object'],
  [/^(VARCHAR|DATE|TIME.*|UUID|ENUM.*|INTERVAL|BLOB)$/, 'string'],
]

/** JSON Schema's type for a column of DuckDB's; null where it has none. */
export const jsonTypeOf = (type: string): string | null => families.find(([pattern]) => pattern.test(type))?.[1] ?? null
