import type { JsonObject, JsonValue } from '../../../domain/json.ts'
import { failure } from './work.ts'

/** Reads a stored document field by field; what does not fit fails with the document's and the field's name. */
export const fieldsOf = (value: JsonValue | undefined, what: string) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw failure(`${what} is not an object`)
  const json: JsonObject = value
  const wrong = (name: string, kind: string) => failure(`${what}: '${name}' is not ${kind}`)
  return {
    value: (name: string): JsonValue => json[name] ?? null,
    text: (name: string): string => {
      const found = json[name]
      if (typeof found === 'string') return found
      throw wrong(name, 'text')
    },
    number: (name: string): number => {
      const found = json[name]
      if (typeof found === 'number') return found
      throw wrong(name, 'a number')
    },
    list: (name: string): JsonValue[] => {
      const found = json[name]
      if (Array.isArray(found)) return found
      throw wrong(name, 'a list')
    },
  }
}
