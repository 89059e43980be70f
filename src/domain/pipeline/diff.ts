import { canonicalJson } from '../canonical-json.ts'
import type { JsonObject, JsonValue } from '../json.ts'

export interface Change {
  /** JSON Pointer (RFC 6901). */
  path: string
  op: 'add' | 'remove' | 'replace'
  before?: JsonValue
  after?: JsonValue
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const step = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`

/** What differs, member by member; lists are compared whole. */
export const changesBetween = (before: JsonValue, after: JsonValue, path = ''): Change[] => {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return names.flatMap((name) => changesAt(before[name], after[name], `${path}${step(name)}`))
  }
  return canonicalJson(before) === canonicalJson(after) ? [] : [{ path, op: 'replace', before, after }]
}

const changesAt = (before: JsonValue | undefined, after: JsonValue | undefined, path: string): Change[] => {
  if (before === undefined) return after === undefined ? [] : [{ path, op: 'add', after }]
  if (after === undefined) return [{ path, op: 'remove', before }]
  return changesBetween(before, after, path)
}
