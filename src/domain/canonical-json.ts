import type { JsonValue } from './json.ts'

/**
 * The one text of a JSON value, to be hashed or signed (RFC 8785): no spaces, keys in the order of their UTF-16 code
 * units, numbers and escapes as ECMAScript writes them. Throws a RangeError for what JSON cannot carry: a number that
 * is not finite, half of a surrogate pair.
 */
export const canonicalJson = (value: JsonValue): string => {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const keys = Object.keys(value).sort()
    return `{${keys.map((key) => `${quoted(key)}:${canonicalJson(value[key] as JsonValue)}`).join(',')}}`
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError(`${value} is not a JSON number`)
  return JSON.stringify(value)
}

const quoted = (text: string): string => {
  if (!text.isWellFormed()) throw new RangeError('half of a surrogate pair is not Unicode text')
  return JSON.stringify(text)
}
