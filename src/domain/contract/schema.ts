import { canonicalJson } from '../canonical-json.ts'
import type { JsonObject, JsonValue } from '../json.ts'

/** JSON Schema's names of types; null where any is meant. */
export type Types = readonly string[] | null

/** What a schema says of one column. */
export interface Property {
  types: Types
  /** The values that it may have; null for any of its types. */
  values: readonly JsonValue[] | null
  isRequired: boolean
  /** All other keywords that rows are checked by. */
  rest: JsonObject
}

export interface Columns {
  properties: ReadonlyMap<string, Property>
  /** Whether rows may have columns that are not named. */
  isOpen: boolean
}

/** Keywords that no row is checked by. */
const annotations = ['title', 'description', '$comment', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly']
const compared = ['type', 'enum', 'const', 'nullable']

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The columns of a contract's schema, in its order. */
export const columnsOf = (schema: JsonObject): Columns => {
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  const named = isObject(schema.properties) ? Object.entries(schema.properties) : []
  const properties = named.map(([name, property]): [string, Property] => [
    name,
    propertyOf(isObject(property) ? property : {}, required.has(name)),
  ])
  return { properties: new Map(properties), isOpen: schema.additionalProperties !== false }
}

const propertyOf = (property: JsonObject, isRequired: boolean): Property => {
  const types = typesOf(property)
  const listed = Array.isArray(property.enum) ? property.enum : null
  const constant = property.const
  const values = constant === undefined ? listed : (listed ?? [constant]).filter((value) => same(value, constant))
  const rest = Object.entries(property).filter(([key]) => !annotations.includes(key) && !compared.includes(key))
  return {
    types,
    values: values === null ? null : values.filter((value) => fits(value, types)),
    isRequired,
    rest: Object.fromEntries(rest),
  }
}

const typesOf = ({ type, nullable }: JsonObject): Types => {
  if (type === undefined) return null
  const types = (Array.isArray(type) ? type : [type]).map(String)
  return nullable === true && !types.includes('null') ? [...types, 'null'] : types
}

export const same = (one: JsonValue, other: JsonValue): boolean => canonicalJson(one) === canonicalJson(other)

/** Whether a value has one of the types. */
export const fits = (value: JsonValue, types: Types): boolean => {
  if (types === null) return true
  if (value === null) return types.includes('null')
  if (Array.isArray(value)) return types.includes('array')
  if (typeof value === 'number')
    return types.includes('number') || (types.includes('integer') && Number.isInteger(value))
  return types.includes(typeof value)
}

/** Whether each value of the one type has the other: an integer is a number. */
export const isWithin = (type: string, types: Types): boolean =>
  types === null || types.includes(type) || (type === 'integer' && types.includes('number'))
